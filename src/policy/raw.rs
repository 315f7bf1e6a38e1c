//! Policy files as they are written: the YAML's own shape, with the place of everything that can be wrong.

use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::Deserialize;
use serde::de::value::MapAccessDeserializer;
use serde::de::{Deserializer, Error, MapAccess, Visitor};

use crate::plan::Algorithm;

/// A value and where it stands.
#[derive(Clone, Debug)]
pub(super) struct At<T> {
    pub(super) value: T,
    pub(super) line: u64,
    pub(super) column: u64,
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for At<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let spanned = serde_saphyr::Spanned::<T>::deserialize(deserializer)?;
        Ok(Self { line: spanned.referenced.line(), column: spanned.referenced.column(), value: spanned.value })
    }
}

impl<T: JsonSchema> JsonSchema for At<T> {
    fn schema_name() -> Cow<'static, str> {
        T::schema_name()
    }
    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        T::json_schema(generator)
    }
    fn inline_schema() -> bool {
        T::inline_schema()
    }
}

/// A mapping in the order it is written, each key with its place.
#[derive(Clone, Debug)]
pub(super) struct Entries<T>(pub(super) Vec<(At<String>, T)>);

impl<T> Default for Entries<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Entries<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Pairs<T>(PhantomData<T>);
        impl<'de, T: Deserialize<'de>> Visitor<'de> for Pairs<T> {
            type Value = Entries<T>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a mapping")
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut entries = Vec::new();
                while let Some(entry) = map.next_entry()? {
                    entries.push(entry);
                }
                Ok(Entries(entries))
            }
        }
        deserializer.deserialize_map(Pairs(PhantomData))
    }
}

impl<T: JsonSchema> JsonSchema for Entries<T> {
    fn schema_name() -> Cow<'static, str> {
        format!("map_of_{}", T::schema_name()).into()
    }
    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let inner = generator.subschema_for::<T>();
        json_schema!({ "type": "object", "additionalProperties": inner })
    }
    fn inline_schema() -> bool {
        true
    }
}

/// One policy file. The files of a directory that name the same database are one policy.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct RawFile {
    /// The database's name, as clients give it at login.
    pub(super) database: At<String>,
    /// Key domains: sealed columns of one domain may be compared and joined with each other.
    #[serde(default)]
    pub(super) domains: Entries<RawDomain>,
    /// Protected tables and views, as `schema.table`.
    #[serde(default)]
    pub(super) tables: Entries<RawTable>,
    /// Who sees what. The first role that a caller belongs to decides. All roles stand in one file.
    #[serde(default)]
    pub(super) roles: Vec<RawRole>,
    /// Functions and procedures, as `schema.function`, that callers with masks may run.
    #[serde(default)]
    pub(super) functions: Entries<RawFunction>,
    /// Ids of columns that are gone. They are never used again.
    #[serde(default)]
    pub(super) retired_ids: Vec<At<u32>>,
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct RawDomain {
    /// The hash that equality terms are made with.
    #[serde(default)]
    pub(super) hash: super::TermHash,
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct RawTable {
    /// The columns that the policy names. All others follow each role's default.
    #[serde(default)]
    pub(super) columns: Entries<RawColumn>,
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct RawColumn {
    /// How the column is encrypted. Without it the column is stored in clear.
    pub(super) seal: Option<At<RawSeal>>,
    /// A label for audit and reports, for example `C3`.
    pub(super) class: Option<String>,
    /// The mask that `mask` means for this column where a role names no other.
    pub(super) mask: Option<At<String>>,
    /// Nothing to protect: clear for every role that may use the table, unless the role says otherwise.
    #[serde(default)]
    pub(super) open: bool,
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct RawSeal {
    /// A number that belongs to this column for ever. It is authenticated in every value.
    pub(super) id: At<u32>,
    #[serde(default = "aes")]
    pub(super) algorithm: Algorithm,
    /// The key domain; without one the column has a domain to itself.
    pub(super) domain: Option<At<String>>,
    /// What may be searched by.
    #[serde(default)]
    pub(super) search: Vec<RawSearch>,
    /// Equality ignores case (text types only).
    #[serde(default)]
    pub(super) fold_case: bool,
    /// The type that clients see, for example `varchar(20)`.
    #[serde(rename = "type")]
    pub(super) ty: At<String>,
    /// `sealed`, or `plain` while the column is not yet encrypted.
    #[serde(default = "sealed")]
    pub(super) state: RawState,
}

fn aes() -> Algorithm {
    Algorithm::Aes256Gcm
}

fn sealed() -> RawState {
    RawState::Sealed
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub(super) enum RawSearch {
    Equality,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub(super) enum RawState {
    Plain,
    Mixed,
    Sealed,
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct RawRole {
    pub(super) name: At<String>,
    /// Who belongs to the role.
    pub(super) members: At<RawMembers>,
    /// What it may do, by `schema.table`. A table that is absent is denied.
    #[serde(default)]
    pub(super) grants: Entries<RawGrant>,
    /// What it may do with protected tables that `grants` does not list.
    pub(super) all_tables: Option<RawGrant>,
    /// How many values each login may test against columns that it may search and not see.
    pub(super) look_ups: Option<RawLookUps>,
}

#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct RawLookUps {
    /// 600 where absent.
    pub(super) per_minute: Option<u32>,
    /// 10,000 where absent.
    pub(super) per_day: Option<u32>,
}

/// One of `users` and `database_roles` has to match, and each of the others that is given.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub(super) struct RawMembers {
    /// Login names; `*` for everyone.
    pub(super) users: Vec<String>,
    /// Database roles whose members belong to it, by explicit grant.
    pub(super) database_roles: Vec<String>,
    /// `10.1.0.0/16`, `2001:db8::/32` or a single address.
    pub(super) networks: Vec<At<String>>,
    /// The client's own word for itself: narrows, never admits alone.
    pub(super) applications: Vec<String>,
    /// Common names of TLS client certificates.
    pub(super) tls_subjects: Vec<String>,
}

/// A right in one word, or a mapping that says more.
#[derive(Clone, Debug)]
pub(super) enum WordOr<T> {
    Word(Option<String>),
    More(T),
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for WordOr<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Either<T>(PhantomData<T>);
        impl<'de, T: Deserialize<'de>> Visitor<'de> for Either<T> {
            type Value = WordOr<T>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("`clear`, `mask`, `null`, `deny` or a mapping")
            }
            fn visit_str<E: Error>(self, word: &str) -> Result<Self::Value, E> {
                Ok(WordOr::Word(Some(word.to_owned())))
            }
            // YAML's own null is the right of that name
            fn visit_unit<E: Error>(self) -> Result<Self::Value, E> {
                Ok(WordOr::Word(None))
            }
            fn visit_none<E: Error>(self) -> Result<Self::Value, E> {
                Ok(WordOr::Word(None))
            }
            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Self::Value, A::Error> {
                T::deserialize(MapAccessDeserializer::new(map)).map(WordOr::More)
            }
        }
        deserializer.deserialize_any(Either(PhantomData))
    }
}

impl<T: JsonSchema> JsonSchema for WordOr<T> {
    fn schema_name() -> Cow<'static, str> {
        format!("right_or_{}", T::schema_name()).into()
    }
    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let inner = generator.subschema_for::<T>();
        json_schema!({ "anyOf": [{ "enum": ["clear", "mask", "null", "deny", null] }, inner] })
    }
}

pub(super) type RawGrant = At<WordOr<RawTableGrant>>;
pub(super) type RawRight = At<WordOr<RawColumnRight>>;

/// What a role may do with one table.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct RawTableGrant {
    /// For columns that are not listed: `clear`, `mask`, `null` or `deny`; `mask` where absent.
    pub(super) default: Option<RawRight>,
    #[serde(default)]
    pub(super) columns: Entries<RawRight>,
    /// An SQL condition; rows for which it is not true do not exist for the role.
    pub(super) filter: Option<At<String>>,
}

/// What a role may do with one column.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct RawColumnRight {
    /// `clear`, `mask` (the column's own), `null` or `deny`.
    pub(super) show: Option<At<Option<String>>>,
    /// A mask preset.
    pub(super) mask: Option<At<String>>,
    /// Rows may be found by the exact clear value.
    pub(super) look_up: Option<bool>,
    /// Whether values may be written, as far as the database allows it.
    pub(super) write: Option<bool>,
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct RawFunction {
    /// Protected columns whose values it returns, as `schema.table.column`.
    #[serde(default)]
    pub(super) returns: Vec<At<String>>,
}

/// The JSON Schema of a policy file, for editors.
pub fn json_schema() -> serde_json::Value {
    schemars::schema_for!(RawFile).to_value()
}
