//! The prune: what is long past is forgotten, hourly.

use service::prune::prune;

use crate::job::Context;

pub(crate) async fn run(context: &Context) -> Result<(), String> {
    let pruned = prune(&context.app).await.map_err(|error| error.describe())?;
    tracing::debug!(
        batches = pruned.batches,
        instances = pruned.instances,
        audit_entries = pruned.audit_entries,
        visits = pruned.visits,
        "pruned what is long past"
    );
    Ok(())
}
