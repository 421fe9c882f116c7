//! The prune removes rows whose retention has ended. It runs hourly.

use service::prune::prune;

use crate::context::Context;

pub(super) async fn run(context: &Context) -> Result<(), String> {
    let pruned = prune(&context.app).await.map_err(|error| error.describe())?;
    tracing::debug!(
        batches = pruned.batches,
        instances = pruned.instances,
        audit_entries = pruned.audit_entries,
        visits = pruned.visits,
        "pruned rows whose retention has ended"
    );
    Ok(())
}
