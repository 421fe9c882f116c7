//! Windows that were computed with older time zone data than this program's are computed anew, once, when it starts
//! (rule 1). Meanwhile everything else goes on.

use std::{sync::Arc, time::Duration};

use service::sweep::renew_zone_data;

use crate::job::Context;

const FIRST_PAUSE: Duration = Duration::from_secs(1);
const LONGEST_PAUSE: Duration = Duration::from_mins(1);

pub(crate) async fn renew(context: Arc<Context>) {
    let mut pause = FIRST_PAUSE;
    while let Err(error) = renew_zone_data(&context.app).await {
        let error = error.describe();
        tracing::error!(error, "windows could not be computed anew, and are tried again");
        context.status.failed(context.app.now(), "zone data", &error);
        if !context.pause(pause).await {
            return;
        }
        pause = (pause * 2).min(LONGEST_PAUSE);
    }
}
