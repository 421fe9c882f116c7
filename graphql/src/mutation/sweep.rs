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
    /// Makes all statuses that are due agree with the clock now, or says what that would change. It also happens
    /// automatically. Only admins may do this.
    async fn sweep(
        &self,
        ctx: &Context<'_>,
        #[graphql(default = false, desc = "True changes nothing, and says what would change.")] dry_run: bool,
        #[graphql(desc = "The instant to compute for, only with `dryRun`. The default is now.")] at: Option<DateTime>,
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
