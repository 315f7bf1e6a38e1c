//! Names of people: Chinese with compound surnames, and everything else by its initial.

use super::sql::{call, concat, if_else, in_list, length, stars};

/// How much of a name is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Name {
    /// 张*, 欧阳**; in other scripts the initial: `J***`.
    Surname,
    /// *三, **娜娜; in other scripts the initial.
    Given,
    /// A third (rounded down) at either end: 王*明, 张三 becomes **.
    Thirds,
}

/// Compound surnames, between bars. A name of two characters never has one: 欧阳 alone may be Mr 欧.
const COMPOUND: &str = "|欧阳|歐陽|司马|司馬|上官|诸葛|諸葛|夏侯|东方|東方|皇甫|尉迟|尉遲|公孙|公孫|慕容|令狐|长孙|長孫|宇文|司徒|司空|轩辕|軒轅|端木|百里|呼延|南宫|南宮|独孤|獨孤|拓跋|闻人|聞人|申屠|太史|公冶|澹台|濮阳|淳于|单于|钟离|鍾離|鲜于|东郭|西门|西門|公羊|第五|赫连|";

impl Name {
    pub(super) fn apply(self, text: &str) -> String {
        let count = text.chars().count();
        if self == Self::Thirds {
            let edge = count / 3;
            return star(text, |at| at < edge || at + edge >= count);
        }
        if count == 0 {
            return String::new();
        }
        if !is_wide(text) {
            return initial(text, count);
        }
        let surname = surname_chars(text, count);
        match self {
            _ if count == 1 => "*".to_owned(),
            Self::Surname => star(text, |at| at < surname),
            Self::Given | Self::Thirds => star(text, |at| at >= surname),
        }
    }

    pub(super) fn sql(self, text: &str) -> String {
        let n = length(text);
        if self == Self::Thirds {
            let edge = call("int4div", &[&n, "3"]);
            let hidden = stars(&call("int4mi", &[&n, &call("int4mul", &[&edge, "2"])]));
            return concat(&concat(&call("left", &[text, &edge]), &hidden), &call("right", &[text, &edge]));
        }
        let compound = in_list(&call("left", &[text, "2"]), COMPOUND);
        let surname = format!("CASE WHEN {} AND {compound} THEN 2 ELSE 1 END", call("int4gt", &[&n, "2"]));
        let rest = call("int4mi", &[&n, &surname]);
        let shown = match self {
            Self::Surname => concat(&call("left", &[text, &surname]), &stars(&rest)),
            Self::Given | Self::Thirds => concat(&stars(&surname), &call("right", &[text, &rest])),
        };
        let single = call("int4eq", &[&n, "1"]);
        let wide = call("int4gt", &[&call("octet_length", &[&call("left", &[text, "1"])]), "2"]);
        let initial = if_else(&single, "'***'", &concat(&call("left", &[text, "1"]), "'***'"));
        let wide_name = if_else(&single, "'*'", &shown);
        format!("CASE WHEN {} THEN '' WHEN {wide} THEN {wide_name} ELSE {initial} END", call("int4eq", &[&n, "0"]))
    }

    pub(super) fn looks_masked(self, text: &str) -> bool {
        match self {
            // No name starts with a star; what is left of a given one, and whole masks, do
            Self::Surname | Self::Given if text.starts_with('*') => true,
            Self::Surname | Self::Given | Self::Thirds => !text.is_empty() && self.apply(text) == text,
        }
    }
}

fn star(text: &str, shows: impl Fn(usize) -> bool) -> String {
    text.chars().enumerate().map(|(at, c)| if shows(at) { c } else { '*' }).collect()
}

fn initial(text: &str, count: usize) -> String {
    let first: String = text.chars().take(usize::from(count > 1)).collect();
    first + "***"
}

fn surname_chars(text: &str, count: usize) -> usize {
    let first_two: String = text.chars().take(2).collect();
    if count > 2 && COMPOUND.contains(&format!("|{first_two}|")) { 2 } else { 1 }
}

/// Whether the first character takes more than two bytes in UTF-8, as every Han character does. The server
/// asks the same with `octet_length`, which depends on no collation.
pub(super) fn is_wide(text: &str) -> bool {
    text.chars().next().is_some_and(|c| c.len_utf8() > 2)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shows_what_the_preset_says() {
        let cases = [
            (Name::Surname, "张三", "张*"),
            (Name::Surname, "张鸿章", "张**"),
            (Name::Surname, "欧阳娜娜", "欧阳**"),
            (Name::Surname, "欧阳", "欧*"),
            (Name::Surname, "张", "*"),
            (Name::Surname, "", ""),
            (Name::Surname, "John Smith", "J***"),
            (Name::Surname, "J", "***"),
            (Name::Surname, "𠮷田太郎", "𠮷***"),
            (Name::Given, "张三", "*三"),
            (Name::Given, "张鸿章", "*鸿章"),
            (Name::Given, "欧阳娜娜", "**娜娜"),
            (Name::Given, "Zoë", "Z***"),
            (Name::Thirds, "张三", "**"),
            (Name::Thirds, "王小明", "王*明"),
            (Name::Thirds, "欧阳娜娜", "欧**娜"),
            (Name::Thirds, "John Smith", "Joh****ith"),
        ];
        for (name, input, expect) in cases {
            assert_eq!(name.apply(input), expect, "{name:?} of {input}");
            assert!(expect.is_empty() || name.looks_masked(expect), "{name:?}: {expect} is masked");
            assert!(!name.looks_masked(input), "{name:?}: {input} is clear");
        }
    }
}
