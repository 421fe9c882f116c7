//! The OpenID Connect providers with which people sign in on the pages.
//!
//! The settings of one provider begin with `OIDC_`. `OIDC_PROVIDERS` names more: those of `work` begin with `OIDC_WORK_`.

use std::fmt;

use url::Url;

use super::source::{SettingError, Source};

/// One provider.
#[derive(Clone, PartialEq, Eq)]
pub struct OidcProvider {
    /// Its name in `OIDC_PROVIDERS`. `None` for the provider without a name, `OIDC_ISSUER`.
    pub name: Option<String>,
    /// The name that people read, as in "Sign in with …".
    pub label: String,
    /// The issuer, as in the claim `iss`.
    pub issuer: String,
    pub client_id: String,
    /// `None` for a public client.
    pub client_secret: Option<String>,
    /// The scopes in addition to `openid`.
    pub scopes: Vec<String>,
}

/// Omits the secret.
impl fmt::Debug for OidcProvider {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { name, issuer, client_id, .. } = self;
        write!(f, "OidcProvider({name:?}, {issuer}, {client_id})")
    }
}

impl OidcProvider {
    /// The external id of a person of this provider. Two providers may use the same id for different people. So the
    /// external ids of a named provider begin with its name.
    pub fn external_id(&self, subject: &str) -> String {
        self.name.as_ref().map_or_else(|| subject.to_owned(), |name| format!("{name}:{subject}"))
    }
}

pub(super) fn providers(source: &Source<'_>) -> Result<Vec<OidcProvider>, SettingError> {
    let mut found: Vec<_> = provider(source, None, "OIDC_")?.into_iter().collect();
    for name in source.list("OIDC_PROVIDERS") {
        let is_plain = name.bytes().all(|it| it.is_ascii_lowercase() || it.is_ascii_digit() || it == b'_')
            && name.starts_with(|it: char| it.is_ascii_lowercase());
        let refuse = |problem: &str| Err(SettingError::new("OIDC_PROVIDERS", format!("has {name:?}: {problem}")));
        if !is_plain || name.len() > 30 {
            return refuse("a name is up to 30 small letters, digits and _, and begins with a letter");
        }
        if found.iter().any(|other| other.name.as_deref() == Some(name.as_str())) {
            return refuse("a name may be there only once");
        }
        let prefix = format!("OIDC_{}_", name.to_ascii_uppercase());
        let Some(provider) = provider(source, Some(&name), &prefix)? else {
            return refuse(&format!("{prefix}ISSUER and {prefix}CLIENT_ID are missing"));
        };
        found.push(provider);
    }
    Ok(found)
}

fn provider(source: &Source<'_>, name: Option<&str>, prefix: &str) -> Result<Option<OidcProvider>, SettingError> {
    let setting = |which: &str| format!("{prefix}{which}");
    let text = |which: &str| source.text(&setting(which));
    let (issuer, client_id, client_secret) = (text("ISSUER"), text("CLIENT_ID"), text("CLIENT_SECRET"));
    let (label, scopes) = (text("NAME"), text("SCOPES"));
    let Some(issuer) = issuer else {
        return match client_id {
            Some(_) => Err(SettingError::new(setting("CLIENT_ID"), format!("needs {} too", setting("ISSUER")))),
            None => Ok(None),
        };
    };
    let host = Url::parse(&issuer).ok().filter(|url| ["http", "https"].contains(&url.scheme()));
    let Some(host) = host.and_then(|url| url.host_str().map(str::to_owned)) else {
        let problem = format!("is {issuer:?}: it must be an address such as https://id.example.org/realms/community");
        return Err(SettingError::new(setting("ISSUER"), problem));
    };
    let Some(client_id) = client_id else {
        return Err(SettingError::new(setting("ISSUER"), format!("needs {} too", setting("CLIENT_ID"))));
    };
    let scopes = scopes.unwrap_or_else(|| "profile".to_owned());
    let scopes = scopes.split([' ', ',']).filter(|scope| !scope.is_empty() && *scope != "openid").map(str::to_owned);
    Ok(Some(OidcProvider {
        label: label.or_else(|| name.map(str::to_owned)).unwrap_or(host),
        name: name.map(str::to_owned),
        issuer,
        client_id,
        client_secret,
        scopes: scopes.collect(),
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(settings: &[(&str, &str)]) -> Result<Vec<OidcProvider>, String> {
        let find = |asked: &str| settings.iter().find(|(name, _)| *name == asked).map(|(_, value)| (*value).to_owned());
        providers(&Source(&find)).map_err(|error| error.to_string())
    }

    const ONE: [(&str, &str); 2] = [("OIDC_ISSUER", "https://id.example/realms/a"), ("OIDC_CLIENT_ID", "insession")];

    #[test]
    fn several_providers_have_settings_of_their_own() {
        assert_eq!(read(&[]), Ok(Vec::new()));
        let one = &read(&ONE).unwrap()[0];
        assert_eq!((one.label.as_str(), one.name.as_deref(), &one.client_secret), ("id.example", None, &None));
        assert_eq!(one.scopes, ["profile"]);
        assert_eq!(one.external_id("7"), "7");
        let more = [
            ("OIDC_PROVIDERS", "work, school_2"),
            ("OIDC_WORK_ISSUER", "https://work.example"),
            ("OIDC_WORK_CLIENT_ID", "a"),
            ("OIDC_WORK_CLIENT_SECRET", "secret"),
            ("OIDC_WORK_NAME", "The Office"),
            ("OIDC_WORK_SCOPES", "openid email,groups"),
            ("OIDC_SCHOOL_2_ISSUER", "http://localhost:8090/"),
            ("OIDC_SCHOOL_2_CLIENT_ID", "b"),
        ];
        let all = read(&[ONE.as_slice(), &more].concat()).unwrap();
        let labels: Vec<_> = all.iter().map(|it| it.label.as_str()).collect();
        assert_eq!(labels, ["id.example", "The Office", "school_2"]);
        assert_eq!(all[1].scopes, ["email", "groups"]);
        assert_eq!(all[1].external_id("7"), "work:7");
        assert!(!format!("{all:?}").contains("secret"));
    }

    #[test]
    fn wrong_settings_of_a_provider_are_refused_by_name() {
        for (settings, problem) in [
            (&[("OIDC_ISSUER", "https://id.example")][..], "OIDC_ISSUER needs OIDC_CLIENT_ID too"),
            (&[("OIDC_CLIENT_ID", "a")], "OIDC_CLIENT_ID needs OIDC_ISSUER too"),
            (&[("OIDC_ISSUER", "id.example"), ("OIDC_CLIENT_ID", "a")], "OIDC_ISSUER is \"id.example\""),
            (&[("OIDC_PROVIDERS", "Work")], "OIDC_PROVIDERS has \"Work\""),
            (&[("OIDC_PROVIDERS", "../x")], "OIDC_PROVIDERS has \"../x\""),
            (&[("OIDC_PROVIDERS", "work")], "OIDC_PROVIDERS has \"work\": OIDC_WORK_ISSUER and OIDC_WORK_CLIENT_ID"),
            (&[("OIDC_PROVIDERS", "work"), ("OIDC_WORK_ISSUER", "https://w")], "OIDC_WORK_ISSUER needs"),
            (
                &[("OIDC_PROVIDERS", "work,work"), ("OIDC_WORK_ISSUER", "https://w"), ("OIDC_WORK_CLIENT_ID", "a")],
                "OIDC_PROVIDERS has \"work\": a name may",
            ),
        ] {
            let error = read(settings).unwrap_err();
            assert!(error.starts_with(problem), "{error}");
        }
    }
}
