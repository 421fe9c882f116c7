//! The prune removes rows whose retention has ended. It runs hourly.

use service::prune::prune;

use crate::{context::Context, error::Result};

pub(super) async fn run(context: &Context) -> Result<()> {
    let pruned = prune(&context.app).await?;
    tracing::debug!(
        batches = pruned.batches,
        instances = pruned.instances,
        audit_entries = pruned.audit_entries,
        visits = pruned.visits,
        guests = pruned.guests,
        idempotency_keys = pruned.idempotency_keys,
        sign_ins = pruned.sign_ins,
        "pruned rows whose retention has ended"
    );
    Ok(())
}
