//! The presets by name: what a policy may write, with an example and what the mask leaves to guess.

use super::amount::Amount;
use super::email::Email;
use super::keep::Keep;
use super::name::Name;
use super::pseudonym::Pseudonym;
use super::{Mask, Preset, fixed};
use crate::value::{Kind, LogicalType};

/// One line of the preset table. Documentation and tests read the same one.
#[derive(Clone, Copy, Debug)]
pub struct PresetInfo {
    pub spec: &'static str,
    pub input: &'static str,
    pub output: &'static str,
    /// How many values fit what is shown: the smaller, the less the mask hides.
    pub left_to_guess: &'static str,
    kind: Kind,
}

impl PresetInfo {
    /// The type that the example is of.
    pub fn ty(&self) -> LogicalType {
        LogicalType { kind: self.kind, typmod: -1 }
    }
}

const fn text(spec: &'static str, input: &'static str, output: &'static str, left: &'static str) -> PresetInfo {
    PresetInfo { spec, input, output, left_to_guess: left, kind: Kind::Text }
}

const fn typed(spec: &'static str, input: &'static str, output: &'static str, kind: Kind) -> PresetInfo {
    PresetInfo { spec, input, output, left_to_guess: "the rest of the value", kind }
}

/// Every preset, with parameters where it takes some.
pub const PRESETS: &[PresetInfo] = &[
    text("phone-3-4", "13812345678", "138****5678", "10^4"),
    text("phone-3-2", "13812345650", "138******50", "10^6"),
    text("phone-last4", "13812347556", "*******7556", "10^6 to 10^7"),
    text("landline", "01062345678", "010********", "10^8"),
    text("id-6-4", "11010519491231002X", "110105********002X", "3,325 over a hundred birth years: not anonymous"),
    text("id-1-1", "11010519491231002X", "1****************X", "about 2*10^9"),
    text("id-mask-last-6", "11010519491231002X", "110105194912******", "about 3*10^4"),
    text("id-3-4", "11010519491231002X", "110***********002X", "about 5*10^4"),
    text("pan-6-4", "6228481234567893456", "622848*********3456", "10^8 of 19 digits, 10^5 of 16"),
    text("pan-last4", "6228481234567893456", "***************3456", "issuers * 10^8 and more"),
    text("account-last4", "110100123456789", "***********6789", "10^11"),
    text("account-5-5", "110100123456789", "11010*****56789", "10^5"),
    text("name-surname", "欧阳娜娜", "欧阳**", "all given names"),
    text("name-given", "张鸿章", "*鸿章", "a few hundred surnames"),
    text("name-thirds", "王小明", "王*明", "a few hundred characters"),
    text("address-district", "北京市海淀区中关村大街1号", "北京市海淀区****", "a district's inhabitants"),
    text("email-3", "wangxiaoming@bank.com", "wan***@bank.com", "the domain's accounts with that start"),
    text("email-1", "wangxiaoming@bank.com", "w***@bank.com", "the domain's accounts with that initial"),
    text("email-ends", "longbow@gmail.com", "l***w@gmail.com", "the domain's accounts with those ends"),
    text("uscc-4-4", "91350100M000100Y43", "9135**********0Y43", "a public register resolves it"),
    text("passport-1-3", "E12345678", "E*****678", "10^5"),
    text("plate-3-1", "京A12345", "京A1***5", "about 4*10^4"),
    text("birth-year", "1990-05-17", "1990-**-**", "365 days"),
    typed("birth-year", "1990-05-17", "1990-01-01", Kind::Date),
    typed("birth-year", "1990-05-17 10:11:12", "1990-01-01 00:00:00", Kind::Timestamp),
    typed("amount-zero", "12345.67", "0", Kind::Numeric),
    typed("amount-bucket:1000", "12345.67", "12000", Kind::Numeric),
    text("fixed", "anything", "******", "everything"),
    text("fixed:hidden*", "anything", "hidden*", "everything"),
    text("keep:2,3", "ABCDEFGH", "AB***FGH", "depends on the value"),
    text("mask-ends:2,3", "ABCDEFGH", "**CDE***", "depends on the value"),
    text("keep-range:2,4", "ABCDEFGH", "**CDE***", "depends on the value"),
    text("mask-range:2,4", "ABCDEFGH", "AB***FGH", "depends on the value"),
    text("pseudonym-phone", "13812345678", "another mobile number", "everything, without the key"),
    text("pseudonym-id", "11010519491231002X", "another identity number", "everything, without the key"),
    text("pseudonym-pan", "6216261000000000018", "another card number", "the issuer shows; the rest needs the key"),
    text("pseudonym-digits", "110100123456789", "other digits", "everything, without the key"),
    text("pseudonym-name", "李秀英", "another name", "everything, without the key"),
];

/// Shorter or foreign names for presets without parameters.
const ALIASES: &[(&str, &str)] = &[
    ("address", "address-district"),
    ("birth-date", "birth-year"),
    ("email", "email-3"),
    ("passport", "passport-1-3"),
    ("plate", "plate-3-1"),
    ("uscc", "uscc-4-4"),
];

/// ShardingSphere's names for those that take two numbers.
const SHARDINGSPHERE: &[(&str, &str)] = &[
    ("keep-first-n-last-m", "keep"),
    ("mask-first-n-last-m", "mask-ends"),
    ("keep-from-x-to-y", "keep-range"),
    ("mask-from-x-to-y", "mask-range"),
];

pub(super) fn parse(spec: &str) -> Result<Mask, String> {
    let (written, arguments) = split(spec.trim());
    let lower = written.to_ascii_lowercase().replace('_', "-");
    let resolve = |table: &[(&'static str, &'static str)]| {
        table.iter().find(|(alias, _)| *alias == lower).map(|(_, name)| (*name).to_owned())
    };
    let name = resolve(ALIASES).or_else(|| resolve(SHARDINGSPHERE)).unwrap_or_else(|| lower.clone());
    refuse_known(&lower)?;
    let (preset, canonical) = match (name.as_str(), arguments) {
        ("fixed", None) => (Preset::Fixed(fixed::STARS.to_owned()), name),
        ("fixed", Some(shown)) => (Preset::Fixed(fixed_text(shown)?), format!("fixed:{shown}")),
        ("amount-bucket", Some(step)) => {
            (Preset::Amount(Amount::Bucket(power_of_ten(step)?)), format!("{name}:{}", step.trim()))
        }
        ("amount-bucket", None) => {
            return Err("`amount-bucket` needs a step, for example `amount-bucket:1000`".to_owned());
        }
        ("keep" | "mask-ends" | "keep-range" | "mask-range", arguments) => {
            let (a, b) = two_numbers(&name, arguments.unwrap_or(""))?;
            (Preset::Keep(with_numbers(&name, a, b)?), format!("{name}:{a},{b}"))
        }
        (_, None) => match without_parameters(&name) {
            Some(preset) => (preset, name),
            None => return Err(unknown(written)),
        },
        (_, Some(_)) if without_parameters(&name).is_some() => {
            return Err(format!("preset `{name}` takes no parameters"));
        }
        (_, Some(_)) => return Err(unknown(written)),
    };
    Ok(Mask { name: canonical, preset })
}

/// `name:arguments`, `NAME(arguments)` or a bare name.
fn split(spec: &str) -> (&str, Option<&str>) {
    let colon = spec.split_once(':').filter(|(name, _)| !name.contains('('));
    if let Some((name, arguments)) = colon {
        return (name.trim_end(), Some(arguments));
    }
    match spec.strip_suffix(')').and_then(|open| open.split_once('(')) {
        Some((name, arguments)) => (name.trim_end(), Some(arguments)),
        None => (spec, None),
    }
}

fn without_parameters(name: &str) -> Option<Preset> {
    let ends = |head, tail, hidden| Preset::Keep(Keep::Ends { head, tail, hidden });
    Some(match name {
        "phone-3-4" => ends(3, 4, 4),
        "phone-3-2" => ends(3, 2, 4),
        "phone-last4" | "pan-last4" | "account-last4" => ends(0, 4, 4),
        "landline" => Preset::Landline,
        // Fifteen digits, the old form, hide five
        "id-6-4" => ends(6, 4, 5),
        "id-1-1" => ends(1, 1, 4),
        "id-mask-last-6" => Preset::Keep(Keep::AllButLast { count: 6, at_least: 15 }),
        "id-3-4" => ends(3, 4, 5),
        // Thirteen digits, the shortest card number, hide three
        "pan-6-4" => ends(6, 4, 3),
        "account-5-5" => ends(5, 5, 4),
        "name-surname" => Preset::Name(Name::Surname),
        "name-given" => Preset::Name(Name::Given),
        "name-thirds" => Preset::Name(Name::Thirds),
        "address-district" => Preset::Address,
        "email-3" => Preset::Email(Email { head: 3, tail: 0 }),
        "email-1" => Preset::Email(Email { head: 1, tail: 0 }),
        "email-ends" => Preset::Email(Email { head: 1, tail: 1 }),
        "uscc-4-4" => ends(4, 4, 4),
        "passport-1-3" => ends(1, 3, 3),
        "plate-3-1" => ends(3, 1, 2),
        "birth-year" => Preset::Birth,
        "amount-zero" => Preset::Amount(Amount::Zero),
        "pseudonym-phone" => Preset::Pseudonym(Pseudonym::Phone),
        "pseudonym-id" => Preset::Pseudonym(Pseudonym::Identity),
        "pseudonym-pan" => Preset::Pseudonym(Pseudonym::Pan),
        "pseudonym-digits" => Preset::Pseudonym(Pseudonym::Digits),
        "pseudonym-name" => Preset::Pseudonym(Pseudonym::Name),
        _ => return None,
    })
}

fn with_numbers(name: &str, a: u16, b: u16) -> Result<Keep, String> {
    match name {
        "keep" => Ok(Keep::Ends { head: a, tail: b, hidden: 1 }),
        "mask-ends" if a == 0 && b == 0 => Err("`mask-ends:0,0` would hide nothing".to_owned()),
        "mask-ends" => Ok(Keep::Middle { head: a, tail: b }),
        _ if a > b => Err(format!("`{name}:{a},{b}`: the range ends before it starts")),
        "keep-range" => Ok(Keep::Range { from: a, to: b }),
        _ => Ok(Keep::AllButRange { from: a, to: b }),
    }
}

/// `3,4`, `3-4` (which YAML takes without quotes everywhere) or `first-n=3,last-m=4`, in this order.
fn two_numbers(name: &str, arguments: &str) -> Result<(u16, u16), String> {
    let wanted = || format!("`{name}` needs two numbers, for example `{name}:3,4`");
    let mut numbers = Vec::new();
    let between = if arguments.contains('=') { ',' } else { '-' };
    for argument in arguments.split([',', between]) {
        let (key, value) = match argument.split_once('=') {
            Some((key, value)) => (Some(key.trim()), value.trim()),
            None => (None, argument.trim()),
        };
        match key {
            Some("replace-char") if value.trim_matches(['"', '\'']) != "*" => {
                return Err(
                    "a replace-char other than * is not supported: the write-back guard knows masks by it".to_owned()
                );
            }
            Some("replace-char") => {}
            None | Some("first-n" | "last-m" | "from-x" | "to-y") => {
                let number = value.parse().ok().filter(|number| *number <= 1000);
                numbers.push(number.ok_or_else(wanted)?);
            }
            Some(other) => return Err(format!("`{name}` has no parameter `{other}`")),
        }
    }
    match numbers.as_slice() {
        [a, b] => Ok((*a, *b)),
        _ => Err(wanted()),
    }
}

fn power_of_ten(step: &str) -> Result<u8, String> {
    let is_power = step.trim().strip_prefix('1').filter(|zeros| zeros.bytes().all(|b| b == b'0') && zeros.len() <= 18);
    is_power
        .and_then(|zeros| u8::try_from(zeros.len()).ok())
        .ok_or_else(|| format!("`amount-bucket` needs a power of ten up to 10^18, not `{}`", step.trim()))
}

fn fixed_text(shown: &str) -> Result<String, String> {
    if shown.is_empty() || shown.chars().any(char::is_control) || shown.ends_with(' ') {
        return Err("`fixed:` needs a text without control characters or a blank at its end".to_owned());
    }
    Ok(shown.to_owned())
}

/// Names people will try and that are left out on purpose.
fn refuse_known(name: &str) -> Result<(), String> {
    match name {
        "md5" | "sha1" | "sha256" | "sm3" | "hash" => {
            Err(format!("`{name}` is no mask: whoever can guess values can hash them; use a `pseudonym-…` preset"))
        }
        "mask-before-special-chars" | "mask-after-special-chars" => {
            Err(format!("`{name}` is not supported; for mail addresses use `email-3`, else `keep:n,m`"))
        }
        "generic-table-random-replace" => Err(format!("`{name}` is not supported; use a `pseudonym-…` preset")),
        "null" | "none" | "clear" | "deny" => Err(format!("`{name}` is a right, not a mask: write `{name}` itself")),
        _ => Ok(()),
    }
}

fn unknown(written: &str) -> String {
    let wanted = written.to_ascii_lowercase().replace('_', "-");
    let names = PRESETS.iter().map(|preset| preset.spec.split(':').next().unwrap_or(preset.spec));
    let nearest = names
        .chain(ALIASES.iter().map(|(alias, _)| *alias))
        .map(|name| (strsim::jaro_winkler(&wanted, name), name))
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .filter(|(score, _)| *score > 0.75);
    match nearest {
        Some((_, name)) => format!("unknown mask preset `{written}`; did you mean `{name}`?"),
        None => format!("unknown mask preset `{written}`"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spellings() {
        let cases = [
            ("phone-3-4", "phone-3-4"),
            (" PHONE_3_4 ", "phone-3-4"),
            ("email", "email-3"),
            ("keep: 3, 4", "keep:3,4"),
            ("keep:3-4", "keep:3,4"),
            ("KEEP_FIRST_N_LAST_M(first-n=3,last-m=4,replace-char=*)", "keep:3,4"),
            ("MASK_FROM_X_TO_Y(from-x=2, to-y=5)", "mask-range:2,5"),
            ("fixed:a:b(c)", "fixed:a:b(c)"),
            ("amount-bucket:10000", "amount-bucket:10000"),
        ];
        for (spec, name) in cases {
            assert_eq!(parse(spec).map(|mask| mask.name), Ok(name.to_owned()), "{spec}");
        }
    }

    #[test]
    fn mistakes() {
        let cases = [
            ("phone34", "did you mean `phone-3-4`"),
            ("emial", "did you mean `email`"),
            ("xyzzy", "unknown mask preset `xyzzy`"),
            ("keep:3", "needs two numbers"),
            ("keep", "needs two numbers"),
            ("keep:3,x", "needs two numbers"),
            ("keep-range:5,2", "ends before it starts"),
            ("mask-ends:0,0", "hide nothing"),
            ("phone-3-4:5", "takes no parameters"),
            ("amount-bucket:500", "power of ten"),
            ("MD5", "no mask"),
            ("null", "is a right"),
            ("KEEP_FIRST_N_LAST_M(first-n=3,last-m=4,replace-char=#)", "replace-char"),
            ("fixed:", "needs a text"),
        ];
        for (spec, expect) in cases {
            let error = parse(spec).expect_err(spec);
            assert!(error.contains(expect), "{spec}: {error}");
        }
    }
}
