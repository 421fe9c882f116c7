//! The sweep that an admin requests.

use async_graphql::{Context, Object, SimpleObject};
use domain::status::Mode;
use service::{error::expect, sweep};

use crate::{
    context::{Result, app, viewer},
    error::ApiError,
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
        let viewer = viewer(ctx);
        expect::admin(viewer, "sign in as an admin to sweep", "only admins may sweep")?;
        if at.is_some() && !dry_run {
            return Err(ApiError::invalid("at", "is only possible with dryRun: a real sweep is for the current time"));
        }
        let at = at.map(|at| at.0);
        // Like a timer, this sweep does not look ahead (rule 6).
        let request = sweep::Request { scope: sweep::Scope::Due, mode: Mode::Exact, at, is_dry_run: dry_run };
        Ok(Some(SweepPayload { report: SweepReport(sweep::sweep(app(ctx)?, request).await?) }))
    }
}
