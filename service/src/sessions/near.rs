//! Sessions near a point. The database finds the sessions in a range of coordinates by an index. Then the distances are
//! computed, and decide.

use std::collections::HashMap;

use domain::{geo::GeoPoint, ids::SessionId};
use entity::session;
use sea_orm::{ColumnTrait, Condition, ConnectionTrait, EntityTrait, QueryFilter, QuerySelect};

use crate::{Error, Refusal, Result};

/// A circle on the earth.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Near {
    pub center: GeoPoint,
    pub metres: u32,
}

impl Near {
    /// The largest radius of a circle, in kilometres.
    pub const MAX_KM: i32 = 500;

    /// A circle from user input.
    ///
    /// # Errors
    /// [`Error::Invalid`] if a coordinate or the distance is out of range.
    pub fn new(latitude: f64, longitude: f64, within_km: f64) -> Result<Self> {
        let center = GeoPoint::new(latitude, longitude)
            .map_err(|error| Error::invalid(format!("near.{}", error.field()), error))?;
        if !(0.0..=f64::from(Self::MAX_KM)).contains(&within_km) {
            return Err(Error::invalid("near.withinKm", Refusal::NotWithin(0, Self::MAX_KM.into())));
        }
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "it is 0 to 500,000")]
        let metres = (within_km * 1000.0).round() as u32;
        Ok(Self { center, metres })
    }

    /// The condition that a session is in the range of coordinates around the circle.
    pub fn condition(&self) -> Condition {
        let bounds = self.center.bounds(self.metres);
        let any = bounds
            .longitudes
            .into_iter()
            .fold(Condition::any(), |any, (west, east)| any.add(session::Column::Longitude.between(west, east)));
        let (south, north) = bounds.latitudes;
        Condition::all()
            .add(session::Column::Latitude.is_not_null())
            .add(session::Column::Latitude.between(south, north))
            .add(any)
    }

    /// The distance of a point from the center. `None` if it is outside the circle, or not known.
    pub(crate) fn metres_to(&self, point: Option<GeoPoint>) -> Option<u32> {
        point.map(|point| self.center.metres_to(point)).filter(|metres| *metres <= self.metres)
    }
}

/// The sessions in a circle, with their distances in metres.
pub(crate) async fn find_distances<C: ConnectionTrait>(db: &C, near: &Near) -> Result<HashMap<SessionId, u32>> {
    let rows: Vec<(SessionId, Option<i32>, Option<i32>)> = session::Entity::find()
        .select_only()
        .columns([session::Column::Id, session::Column::Latitude, session::Column::Longitude])
        .filter(session::Column::DeletedAt.is_null())
        .filter(near.condition())
        .into_tuple()
        .all(db)
        .await?;
    let distance = |(id, latitude, longitude)| Some((id, near.metres_to(GeoPoint::stored(latitude, longitude))?));
    Ok(rows.into_iter().filter_map(distance).collect())
}
