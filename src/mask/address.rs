//! Chinese postal addresses down to the district: 北京市海淀区****.

use super::name::is_wide;
use super::sql::{call, concat, if_else, length, literal};

/// Follows whatever is shown; its length says nothing about what is hidden.
const HIDDEN: &str = "****";
/// How far from the province a district's last character is looked for.
const WINDOW_CHARS: usize = 12;
/// The longest that is ever shown: an autonomous region, the window and the stars.
pub(super) const MAX_CHARS: usize = 8 + WINDOW_CHARS + HIDDEN.len();
/// Without a district or city: what is shown of an address that is long enough to hide as much again.
const FALLBACK_CHARS: usize = 6;
/// They end like a district and are none: showing up to them would show the street.
const NOT_A_DISTRICT: [&str; 10] = ["小区", "社区", "园区", "校区", "厂区", "街区", "景区", "库区", "片区", "红旗"];

pub(super) fn apply(text: &str) -> String {
    if text.is_empty() {
        return String::new();
    }
    if !is_wide(text) {
        return HIDDEN.to_owned();
    }
    let shown: String = text.chars().take(cut(text)).collect();
    shown + HIDDEN
}

/// How many characters are shown.
fn cut(text: &str) -> usize {
    let region = match position(text, "自治区") {
        at @ 1..=6 => at + 2,
        _ => 0,
    };
    let mut window: String = text.chars().skip(region).take(WINDOW_CHARS).collect();
    for word in NOT_A_DISTRICT {
        window = window.replace(word, "--");
    }
    let window = window.replace(['县', '旗'], "区");
    match (position(&window, "区"), position(&window, "市")) {
        (0, 0) if text.chars().count() > 2 * FALLBACK_CHARS => FALLBACK_CHARS.max(region),
        (0, 0) => region,
        (0, city) => region + city,
        (district, _) => region + district,
    }
}

/// One-based position in characters, 0 where absent: PostgreSQL's `strpos`.
fn position(text: &str, needle: &str) -> usize {
    text.find(needle).map_or(0, |byte| text[..byte].chars().count() + 1)
}

pub(super) fn sql(text: &str) -> String {
    let autonomous = call("strpos", &[text, &literal("自治区")]);
    let region = format!(
        "CASE WHEN {} AND {} THEN {} ELSE 0 END",
        call("int4gt", &[&autonomous, "0"]),
        call("int4lt", &[&autonomous, "7"]),
        call("int4pl", &[&autonomous, "2"])
    );
    let start = call("int4pl", &[&region, "1"]);
    let mut window = call("substr", &[text, &start, &WINDOW_CHARS.to_string()]);
    for word in NOT_A_DISTRICT {
        window = call("replace", &[&window, &literal(word), "'--'"]);
    }
    let district =
        call("strpos", &[&call("translate", &[&window, &literal("县旗"), &literal("区区")]), &literal("区")]);
    let city = call("strpos", &[&window, &literal("市")]);
    let found = |at: &str| call("int4gt", &[at, "0"]);
    let long = call("int4gt", &[&length(text), &(2 * FALLBACK_CHARS).to_string()]);
    let cut = format!(
        "CASE WHEN {} THEN {} WHEN {} THEN {} WHEN {long} THEN GREATEST({FALLBACK_CHARS}, {region}) ELSE {region} END",
        found(&district),
        call("int4pl", &[&region, &district]),
        found(&city),
        call("int4pl", &[&region, &city]),
    );
    let wide = call("int4gt", &[&call("octet_length", &[&call("left", &[text, "1"])]), "2"]);
    let shown = if_else(&wide, &call("left", &[text, &cut]), "''");
    let empty = call("int4eq", &[&length(text), "0"]);
    // textcat is strict, so that NULL stays NULL although '' stands in for what is not shown
    let null_or_shown = format!("CASE WHEN {text} IS NULL THEN NULL ELSE {shown} END");
    if_else(&empty, "''", &concat(&null_or_shown, &literal(HIDDEN)))
}

pub(super) fn looks_masked(text: &str) -> bool {
    text.ends_with(HIDDEN)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cuts_after_the_district() {
        let cases = [
            ("北京市海淀区中关村大街1号", "北京市海淀区****"),
            ("江苏省苏州市昆山市玉山镇人民路5号", "江苏省苏州市****"),
            ("新疆维吾尔自治区乌鲁木齐市天山区解放路9号", "新疆维吾尔自治区乌鲁木齐市天山区****"),
            ("广东省东莞市长安镇金色小区3栋", "广东省东莞市****"),
            ("郑州市红旗路8号", "郑州市****"),
            ("西藏自治区那曲", "西藏自治区****"),
            ("中关村大街1号", "****"),
            ("某某乡某某村某某组第三户门牌", "某某乡某某村****"),
            ("12 Main Street", "****"),
            ("", ""),
        ];
        for (input, expect) in cases {
            assert_eq!(apply(input), expect, "{input}");
        }
    }
}
