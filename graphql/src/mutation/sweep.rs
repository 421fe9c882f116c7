//! The sweep that an admin requests.

use async_graphql::{Context, Object, SimpleObject};
use service::sweep::sweep_on_request;

use crate::{
    context::{Result, app, viewer},
    types::{scalars::DateTime, sweep::SweepReport},
};

/// The answer of `sweep`.
#[derive(SimpleObject)]
pub struct SweepPayload {
    /// What the sweep changed.
    report: SweepReport,
}

#[derive(Default)]
pub struct SweepMutation;

#[Object]
impl SweepMutation {
    /// Updates every status that is due. A dry run only says what would change. Servers and workers also do this
    /// automatically. Only admins may do this.
    async fn sweep(
        &self,
        ctx: &Context<'_>,
        #[graphql(
            default = false,
            desc = "If true, nothing is changed, and the report says what a sweep would change."
        )]
        dry_run: bool,
        #[graphql(desc = "The instant of the sweep. Only a dry run may have one. The default is now.")] at: Option<
            DateTime,
        >,
    ) -> Result<Option<SweepPayload>> {
        let report = sweep_on_request(app(ctx)?, viewer(ctx), dry_run, at.map(|at| at.0)).await?;
        Ok(Some(SweepPayload { report: SweepReport(report) }))
    }
}
