//! Active windows that were computed with older time zone data than this program has are recomputed once, when the program
//! starts (rule 1). Everything else goes on meanwhile.

use std::{sync::Arc, time::Duration};

use service::sweep::renew_zone_data;

use crate::context::Context;

const FIRST_DELAY: Duration = Duration::from_secs(1);
const MAX_DELAY: Duration = Duration::from_mins(1);

pub(crate) async fn renew(context: Arc<Context>) {
    let mut delay = FIRST_DELAY;
    while let Err(error) = renew_zone_data(&context.app).await {
        tracing::error!(%error, "active windows could not be recomputed, which is retried");
        context.status.failed(context.app.now(), "zone data", &error);
        if !context.pause(delay).await {
            return;
        }
        delay = (delay * 2).min(MAX_DELAY);
    }
}
