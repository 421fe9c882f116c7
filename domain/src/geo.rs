//! Points on the earth: coordinates, distances, and the ranges of coordinates in which neighbours are searched.
//!
//! Distances are those on a sphere with the mean radius of the earth. They differ from those on the ellipsoid of WGS 84 by
//! less than 0.6 %.

/// The mean radius of the earth, in metres.
const RADIUS: f64 = 6_371_008.8;

/// A latitude and a longitude of WGS 84, in units of 0.0000001 degrees. One unit is a centimetre or less.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct GeoPoint {
    latitude: i32,
    longitude: i32,
}

/// A coordinate is out of range. The message says what is wrong with the field.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum CoordinateError {
    #[error("must be -90 to 90 degrees")]
    Latitude,
    #[error("must be -180 to 180 degrees")]
    Longitude,
}

impl CoordinateError {
    /// The field that is wrong, by its name in the GraphQL API.
    pub const fn field(self) -> &'static str {
        match self {
            Self::Latitude => "latitude",
            Self::Longitude => "longitude",
        }
    }
}

/// Ranges of stored coordinates that contain every point within some distance of another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bounds {
    pub latitudes: (i32, i32),
    /// One range, or two if they reach across the 180th meridian.
    pub longitudes: Vec<(i32, i32)>,
}

const UNITS: f64 = 1e7;

impl GeoPoint {
    /// A point from degrees, which are rounded to seven decimals.
    ///
    /// # Errors
    /// If the latitude is not -90 to 90, or the longitude not -180 to 180.
    pub fn new(latitude: f64, longitude: f64) -> Result<Self, CoordinateError> {
        if !(-90.0..=90.0).contains(&latitude) {
            return Err(CoordinateError::Latitude);
        }
        if !(-180.0..=180.0).contains(&longitude) {
            return Err(CoordinateError::Longitude);
        }
        Ok(Self { latitude: units(latitude), longitude: units(longitude) })
    }

    /// A point from the database. `None` if a coordinate is missing.
    pub fn stored(latitude: Option<i32>, longitude: Option<i32>) -> Option<Self> {
        Some(Self { latitude: latitude?, longitude: longitude? })
    }

    /// The stored coordinates: latitude and longitude.
    pub const fn to_stored(self) -> (i32, i32) {
        (self.latitude, self.longitude)
    }

    pub fn latitude(self) -> f64 {
        f64::from(self.latitude) / UNITS
    }

    pub fn longitude(self) -> f64 {
        f64::from(self.longitude) / UNITS
    }

    /// The distance along the surface, in metres.
    pub fn metres_to(self, other: Self) -> u32 {
        let (from, to) = (self.latitude().to_radians(), other.latitude().to_radians());
        let latitudes = ((to - from) / 2.0).sin();
        let longitudes = ((other.longitude() - self.longitude()).to_radians() / 2.0).sin();
        let chord = latitudes * latitudes + from.cos() * to.cos() * longitudes * longitudes;
        whole(2.0 * RADIUS * chord.clamp(0.0, 1.0).sqrt().asin())
    }

    /// The ranges of coordinates that contain every point within this distance.
    pub fn bounds(self, metres: u32) -> Bounds {
        // A little wider, so that rounding leaves no point out.
        let angle = f64::from(metres) * 1.001 / RADIUS + 1e-6;
        let (latitude, around) = (self.latitude().to_radians(), angle.to_degrees());
        let (south, north) = (self.latitude() - around, self.latitude() + around);
        let latitudes = (units(south.max(-90.0)), units(north.min(90.0)));
        let ratio = angle.sin() / latitude.cos();
        let has_pole = south <= -90.0 || 90.0 <= north || ratio >= 1.0;
        if has_pole {
            return Bounds { latitudes, longitudes: vec![(units(-180.0), units(180.0))] };
        }
        let around = ratio.asin().to_degrees();
        let (west, east) = (self.longitude() - around, self.longitude() + around);
        let longitudes = if west < -180.0 {
            vec![(units(-180.0), units(east)), (units(west + 360.0), units(180.0))]
        } else if east > 180.0 {
            vec![(units(west), units(180.0)), (units(-180.0), units(east - 360.0))]
        } else {
            vec![(units(west), units(east))]
        };
        Bounds { latitudes, longitudes }
    }
}

#[expect(clippy::cast_possible_truncation, reason = "degrees are at most 180, so the number fits")]
fn units(degrees: f64) -> i32 {
    (degrees * UNITS).round() as i32
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "half the way around the earth fits")]
fn whole(metres: f64) -> u32 {
    metres.round() as u32
}

/// Whether an address names this city, state or country: one of its parts between commas is that name, with or without a postcode.
pub fn is_named_in(address: &str, name: &str) -> bool {
    let words = |text: &str| text.split_whitespace().map(str::to_lowercase).collect::<Vec<_>>();
    let is_postcode = |word: &String| word.contains(|letter: char| letter.is_ascii_digit());
    let name = words(name);
    address.split(',').map(words).any(|part| {
        let ends = [part.split_first(), part.split_last()].into_iter().flatten();
        part == name || ends.filter(|(word, _)| is_postcode(word)).any(|(_, rest)| rest == name)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn point(latitude: f64, longitude: f64) -> GeoPoint {
        GeoPoint::new(latitude, longitude).unwrap()
    }

    #[test]
    fn coordinates_are_in_range_and_read_back_unchanged() {
        assert_eq!(GeoPoint::new(90.000_000_1, 0.0), Err(CoordinateError::Latitude));
        assert_eq!(GeoPoint::new(f64::NAN, 0.0), Err(CoordinateError::Latitude));
        assert_eq!(GeoPoint::new(0.0, -180.000_000_1), Err(CoordinateError::Longitude));
        for (latitude, longitude) in [(48.208_2, 16.373_8), (-90.0, 180.0), (30.267_153, -97.743_057_1), (0.0, -0.1)] {
            let point = point(latitude, longitude);
            assert_eq!(
                (point.latitude().to_bits(), point.longitude().to_bits()),
                (latitude.to_bits(), longitude.to_bits())
            );
        }
    }

    /// The distances on the ellipsoid are from GeographicLib.
    #[test]
    fn distance_is_right_within_one_percent() {
        for (from, to, metres) in [
            (point(0.0, 0.0), point(0.0, 1.0), 111_319.5),
            (point(0.0, 0.0), point(1.0, 0.0), 110_574.4),
            (point(89.0, 0.0), point(89.0, 180.0), 223_387.8),
            (point(0.0, 179.5), point(0.0, -179.5), 111_319.5),
            (point(60.0, 0.0), point(60.0, 1.0), 55_800.0),
        ] {
            let found = f64::from(from.metres_to(to));
            assert!((found / metres - 1.0).abs() < 0.01, "{found} {metres}");
            assert_eq!(from.metres_to(to), to.metres_to(from));
        }
        assert_eq!(point(48.0, 16.0).metres_to(point(48.0, 16.0)), 0);
    }

    #[test]
    fn bounds_contain_every_point_within_the_distance() {
        let contains = |bounds: &Bounds, point: GeoPoint| {
            let (latitude, longitude) = point.to_stored();
            let is_in = |range: &(i32, i32), value: i32| range.0 <= value && value <= range.1;
            is_in(&bounds.latitudes, latitude) && bounds.longitudes.iter().any(|range| is_in(range, longitude))
        };
        for center in [point(48.2, 16.4), point(0.0, 180.0), point(10.0, -179.99), point(89.9, 0.0), point(-89.0, 90.0)]
        {
            for metres in [0, 1_000, 25_000, 500_000] {
                let bounds = center.bounds(metres);
                for step in 0..3_600 {
                    let (row, column) = (f64::from(step / 60), f64::from(step % 60));
                    let latitude = (center.latitude() + (row - 30.0) / 4.0).clamp(-90.0, 90.0);
                    let longitude = (center.longitude() + (column - 30.0) * 6.0 + 540.0).rem_euclid(360.0) - 180.0;
                    let other = point(latitude, longitude);
                    assert!(
                        metres < center.metres_to(other) || contains(&bounds, other),
                        "{center:?} {other:?} {metres}"
                    );
                }
            }
        }
        assert_eq!(point(0.0, 180.0).bounds(1_000).longitudes.len(), 2);
    }

    #[test]
    fn address_names_its_city_with_or_without_a_postcode() {
        for (address, name) in [
            ("Old hangar, Austin", "austin"),
            ("Pub, 1 Main Street, Austin, TX 78701, USA", "TX"),
            ("Halle, Hauptstraße 1, 10115 Berlin", "Berlin"),
            ("Hall, New  York", "New York"),
        ] {
            assert!(is_named_in(address, name), "{address} {name}");
        }
        for (address, name) in
            [("New York Bar", "New York"), ("Berliner Halle", "Berlin"), ("", "Berlin"), ("Hall", "")]
        {
            assert!(!is_named_in(address, name), "{address} {name}");
        }
    }
}
