//! Values: columns, literals, operators, functions, CASE, casts, arrays, JSON, scalar subqueries.

use super::Generator;
use super::model::{Kind, TableColumn};
use super::scope::{Column, Scope};

/// How often an expression takes an encrypted column as if it were none.
const CARELESS_PERCENT: usize = 4;

impl Generator<'_> {
    /// A value of the kind; mostly over open columns.
    pub(super) fn value(&mut self, kind: Kind, scope: &Scope, depth: usize) -> String {
        if depth == 0 || self.dice.percent(45) {
            return self.leaf(kind, scope);
        }
        let depth = depth - 1;
        match self.dice.below(12) {
            0 => self.case(kind, scope, depth),
            1 => self.coalesce(kind, scope, depth),
            2 if depth > 0 && kind != Kind::Other => self.scalar_subquery(kind, scope, depth),
            3 => format!("({})", self.value(kind, scope, depth)),
            _ => self.compute(kind, scope, depth),
        }
    }

    fn leaf(&mut self, kind: Kind, scope: &Scope) -> String {
        let careless = self.dice.percent(CARELESS_PERCENT);
        let fits = |column: &Column| column.kind == kind && (careless || !column.is_sealed());
        match self.dice.percent(80).then(|| self.reference(scope, fits)).flatten() {
            Some((text, _)) => text,
            None => self.constant(kind),
        }
    }

    fn compute(&mut self, kind: Kind, scope: &Scope, depth: usize) -> String {
        match kind {
            Kind::Int => self.integer(scope, depth),
            Kind::Num => self.number(scope, depth),
            Kind::Text => self.text(scope, depth),
            Kind::Date => self.date(scope, depth),
            Kind::Time => self.time(scope, depth),
            Kind::Bool => self.predicate(scope, depth),
            Kind::Other => self.other(scope, depth),
        }
    }

    fn integer(&mut self, scope: &Scope, depth: usize) -> String {
        let a = self.value(Kind::Int, scope, depth);
        match self.dice.below(14) {
            0 => format!("({a} + {})", self.value(Kind::Int, scope, depth)),
            1 => format!("{a} - {}", self.value(Kind::Int, scope, depth)),
            2 => format!("({a}) % 7"),
            3 => format!("length({})", self.value(Kind::Text, scope, depth)),
            4 => format!("abs({a})"),
            5 => format!("extract(year FROM {})::int", self.value(Kind::Date, scope, depth)),
            6 => format!("greatest({a}, {})", self.value(Kind::Int, scope, depth)),
            7 => format!("nullif({a}, {})", self.constant(Kind::Int)),
            8 => format!("position({} IN {})", self.constant(Kind::Text), self.value(Kind::Text, scope, depth)),
            9 => format!("({a})::bigint"),
            10 => format!("cardinality(ARRAY[{a}, 2])"),
            11 => format!("CAST({a} AS integer)"),
            12 => format!("-({a})"),
            _ => format!("(ARRAY[{a}, 3, 4])[1]"),
        }
    }

    fn number(&mut self, scope: &Scope, depth: usize) -> String {
        let a = self.value(Kind::Num, scope, depth);
        match self.dice.below(8) {
            0 => format!("({a} + {})", self.value(Kind::Num, scope, depth)),
            1 => format!("({a} * 2)"),
            2 => format!("round({a}, 1)"),
            3 => format!("abs({a})"),
            4 => format!("({})::numeric(16,2)", self.value(Kind::Int, scope, depth)),
            5 => format!("least({a}, 100.5)"),
            6 => format!("trunc({a})"),
            _ => format!("({a} / 4)"),
        }
    }

    fn text(&mut self, scope: &Scope, depth: usize) -> String {
        let a = self.value(Kind::Text, scope, depth);
        match self.dice.below(18) {
            0 => format!("upper({a})"),
            1 => format!("lower({a})"),
            2 => format!("left({a}, {})", 1 + self.dice.below(5)),
            3 => format!("right({a}, 4)"),
            4 => format!("substr({a}, 2, 3)"),
            5 => format!("({a} || {})", self.value(Kind::Text, scope, depth)),
            6 => format!("({})::text", self.value(Kind::Int, scope, depth)),
            7 => format!("CAST({} AS varchar(40))", self.value(Kind::Date, scope, depth)),
            8 => format!("to_char({}, 'YYYY-MM')", self.value(Kind::Date, scope, depth)),
            9 => format!("replace({a}, '1', '-')"),
            10 => format!("trim({a})"),
            11 => format!("concat({a}, '/', {})", self.value(Kind::Int, scope, depth)),
            12 => format!("format('%s (%s)', {a}, {})", self.value(Kind::Text, scope, depth)),
            13 => format!("md5({a})"),
            14 => format!("split_part({a}, '-', 1)"),
            15 => format!("({a})::varchar(8)"),
            16 => format!("nullif({a}, '')"),
            _ => format!("lpad({a}, 6, '*')"),
        }
    }

    fn date(&mut self, scope: &Scope, depth: usize) -> String {
        let a = self.value(Kind::Date, scope, depth);
        match self.dice.below(4) {
            0 => format!("({a} + {})", self.dice.below(30)),
            1 => format!("({})::date", self.value(Kind::Time, scope, depth)),
            2 => format!("date_trunc('month', {a})::date"),
            _ => format!("greatest({a}, {})", self.constant(Kind::Date)),
        }
    }

    fn time(&mut self, scope: &Scope, depth: usize) -> String {
        let a = self.value(Kind::Time, scope, depth);
        match self.dice.below(3) {
            0 => format!("({a} + interval '1 day')"),
            1 => format!("date_trunc('day', {a})"),
            _ => format!("({})::timestamptz", self.value(Kind::Date, scope, depth)),
        }
    }

    /// Arrays, JSON, records.
    fn other(&mut self, scope: &Scope, depth: usize) -> String {
        let (int, text) = (self.value(Kind::Int, scope, depth), self.value(Kind::Text, scope, depth));
        self.note("json and arrays");
        match self.dice.below(9) {
            0 => format!("ARRAY[{text}, {}]", self.value(Kind::Text, scope, depth)),
            1 => format!("jsonb_build_object('a', {int}, 'b', {text})"),
            2 => format!("json_build_array({int}, {text})"),
            3 => format!("to_jsonb({text})"),
            4 => format!("ROW({int}, {text})"),
            5 => format!("jsonb_build_object('k', {text}) ->> 'k'"),
            6 => format!("string_to_array({text}, '-')"),
            7 => self.whole_row(scope),
            _ => format!("array_append(ARRAY[{int}], 5)"),
        }
    }

    fn whole_row(&mut self, scope: &Scope) -> String {
        let Some(source) = self.dice.pick_opt(&scope.sources).cloned() else { return "NULL".to_owned() };
        self.note("whole row");
        format!("{}({})", ["row_to_json", "to_jsonb", ""][self.dice.below(3)], source.alias)
    }

    fn case(&mut self, kind: Kind, scope: &Scope, depth: usize) -> String {
        self.note("case");
        let (yes, no) = (self.value(kind, scope, depth), self.value(kind, scope, depth));
        match self.dice.below(3) {
            0 => {
                let (subject, when) = (self.value(Kind::Int, scope, depth), self.dice.below(9));
                format!("CASE {subject} WHEN {when} THEN {yes} ELSE {no} END")
            }
            1 => format!("CASE WHEN {} THEN {yes} END", self.predicate(scope, depth)),
            _ => format!("CASE WHEN {} THEN {yes} ELSE {no} END", self.predicate(scope, depth)),
        }
    }

    fn coalesce(&mut self, kind: Kind, scope: &Scope, depth: usize) -> String {
        self.note("coalesce");
        format!("coalesce({}, {})", self.value(kind, scope, depth), self.value(kind, scope, depth))
    }

    /// A constant of the kind, typed, so that it means the same wherever it stands.
    pub(super) fn constant(&mut self, kind: Kind) -> String {
        match kind {
            Kind::Int => match self.dice.percent(15) {
                true => format!("{}::int", self.shown(&self.dice_int())),
                false => self.dice.below(200).to_string(),
            },
            Kind::Num => ["0.00", "12.5", "1000", "-3.25", "5000.00"][self.dice.below(5)].to_owned(),
            Kind::Text => {
                let word = ["", "x", "张", "open", "a''b", "138", "O'Neil"][self.dice.below(7)].to_owned();
                format!("{}::text", self.shown(&word))
            }
            Kind::Date => {
                let day = format!("{}-0{}-15", 1950 + self.dice.below(70), 1 + self.dice.below(9));
                format!("{}::date", self.shown(&day))
            }
            Kind::Time => "'2024-03-04 05:06:07+00'::timestamptz".to_owned(),
            Kind::Bool => ["true", "false"][self.dice.below(2)].to_owned(),
            Kind::Other => "ARRAY[1, 2]".to_owned(),
        }
    }

    fn dice_int(&self) -> String {
        (self.next_id % 97).to_string()
    }

    /// The same literal for both sides.
    pub(super) fn shown(&mut self, text: &str) -> String {
        self.slots.add(&mut self.dice, Some(text.to_owned()), Some(text.to_owned()))
    }

    /// A literal that a column is compared with: mostly one of its values.
    pub(super) fn operand(&mut self, column: &TableColumn) -> String {
        let (clear, seen) = match self.dice.pick_opt(&column.values) {
            Some((Some(clear), seen)) if self.dice.percent(92) => (clear.clone(), seen.clone()),
            _ => return self.miss(column),
        };
        // Only look-ups compare with the clear value; all else happens on what the role sees
        let (for_proxy, for_twin) = match (column.look_up, column.is_sealed, column.is_clear) {
            (_, _, true) => (Some(clear.clone()), Some(clear)),
            (true, true, false) => (Some(clear), seen),
            (_, _, false) => {
                let one = if self.dice.percent(70) { seen } else { Some(clear) };
                (one.clone(), one)
            }
        };
        self.slots.add(&mut self.dice, for_proxy, for_twin)
    }

    fn miss(&mut self, column: &TableColumn) -> String {
        let text = match column.kind {
            Kind::Int => "77",
            Kind::Num => "77.7",
            Kind::Text => "no such value",
            Kind::Date => "1901-02-03",
            Kind::Time => "1901-02-03 04:05:06+00",
            Kind::Bool => "true",
            Kind::Other => match column.ty {
                "uuid" => "00000000-0000-4000-8000-00000000ffff",
                "jsonb" => "{}",
                "timestamp" => "1901-02-03 04:05:06",
                _ => "",
            },
        };
        self.shown(text)
    }
}
