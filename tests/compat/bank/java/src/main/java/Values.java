import java.io.ByteArrayInputStream;
import java.io.StringReader;
import java.math.BigDecimal;
import java.sql.Connection;
import java.sql.Date;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Timestamp;
import java.sql.Types;
import java.time.LocalDate;
import java.time.LocalDateTime;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.util.Calendar;
import java.util.List;
import java.util.Map;
import java.util.TimeZone;
import java.util.UUID;
import org.postgresql.util.PGobject;

/** Every setter that a program uses on a column, and every getter on what comes back: in text, and past the fifth time in binary. */
final class Values {
    private interface Setter {
        void set(PreparedStatement update) throws SQLException;
    }

    private interface Getter {
        Object get(ResultSet row) throws SQLException;
    }

    static void checks() {
        for (var threshold : List.of("5", "-1")) {
            column(threshold, "name", "setString", s -> s.setString(1, "司马相如"), r -> r.getString(1), "司马相如");
            column(threshold, "name", "setObject", s -> s.setObject(1, "a\\b"), r -> r.getObject(1), "a\\b");
            column(threshold, "name", "setObject VARCHAR", s -> s.setObject(1, 12345, Types.VARCHAR), r -> r.getInt(1), 12345);
            column(threshold, "notes", "setCharacterStream", s -> s.setCharacterStream(1, new StringReader("长".repeat(5000))), r -> r.getString(1), "长".repeat(5000));
            column(threshold, "notes", "the empty string", s -> s.setString(1, ""), r -> r.getString(1), "");
            column(threshold, "phone", "setNull", s -> s.setNull(1, Types.VARCHAR), r -> r.getString(1) + r.wasNull(), "nulltrue");
            column(threshold, "phone", "setNull of another type", s -> s.setNull(1, Types.CHAR), r -> r.getString(1), null);
            column(threshold, "phone", "setNull of no type", s -> s.setNull(1, Types.NULL), r -> r.getString(1), null);
            column(threshold, "phone", "setObject null", s -> s.setObject(1, null), r -> r.getObject(1), null);
            column(threshold, "id_card", "a padded char(18)", s -> s.setString(1, "1101051949" + threshold), r -> r.getString(1).length(), 18);
            column(threshold, "birth_date", "setDate", s -> s.setDate(1, Date.valueOf("2000-02-29")), r -> r.getDate(1), Date.valueOf("2000-02-29"));
            column(threshold, "birth_date", "setDate with a calendar", s -> s.setDate(1, Date.valueOf("2000-02-29"), Calendar.getInstance(TimeZone.getDefault())), r -> r.getDate(1), Date.valueOf("2000-02-29"));
            column(threshold, "birth_date", "LocalDate", s -> s.setObject(1, LocalDate.of(1900, 1, 1)), r -> r.getObject(1, LocalDate.class), LocalDate.of(1900, 1, 1));
            column(threshold, "birth_date", "setObject DATE of a text", s -> s.setObject(1, "1999-12-31", Types.DATE), r -> r.getString(1), "1999-12-31");
            column(threshold, "birth_date", "a java.util.Date", s -> s.setObject(1, new java.util.Date(0), Types.DATE), r -> r.getObject(1) instanceof Date, true);
            column(threshold, "credit_limit", "setBigDecimal", s -> s.setBigDecimal(1, new BigDecimal("-0.01")), r -> r.getBigDecimal(1), new BigDecimal("-0.01"));
            column(threshold, "credit_limit", "setBigDecimal of one more place", s -> s.setBigDecimal(1, new BigDecimal("1.005")), r -> r.getBigDecimal(1), new BigDecimal("1.01"));
            column(threshold, "credit_limit", "setInt", s -> s.setInt(1, 300), r -> r.getBigDecimal(1), new BigDecimal("300.00"));
            column(threshold, "credit_limit", "setLong", s -> s.setLong(1, 999_999_999_999L), r -> r.getLong(1), 999_999_999_999L);
            column(threshold, "credit_limit", "setDouble", s -> s.setDouble(1, 12.5), r -> r.getDouble(1), 12.5);
            column(threshold, "credit_limit", "setObject NUMERIC with a scale", s -> s.setObject(1, "77.7", Types.NUMERIC, 2), r -> r.getBigDecimal(1), new BigDecimal("77.70"));
            column(threshold, "credit_limit", "NULL as a number", s -> s.setNull(1, Types.NUMERIC), r -> r.getInt(1) + (r.wasNull() ? "null" : ""), "0null");
            column(threshold, "photo", "setBytes", s -> s.setBytes(1, new byte[] {0, -1, 10}), r -> r.getBytes(1), new byte[] {0, -1, 10});
            column(threshold, "photo", "setBinaryStream", s -> s.setBinaryStream(1, new ByteArrayInputStream(new byte[100_000]), 100_000), r -> r.getBytes(1).length, 100_000);
            column(threshold, "photo", "the empty picture", s -> s.setBytes(1, new byte[0]), r -> r.getBytes(1).length, 0);
            column(threshold, "tags", "setArray", s -> s.setArray(1, s.getConnection().createArrayOf("text", new String[] {"vip", "a,b", null, "\"x\""})),
                r -> List.of(((String[]) r.getArray(1).getArray())[3]), List.of("\"x\""));
            column(threshold, "tags", "setObject of an array", s -> s.setObject(1, new String[] {"贵宾"}), r -> ((String[]) r.getArray(1).getArray())[0], "贵宾");
            column(threshold, "created_at", "OffsetDateTime", s -> s.setObject(1, OffsetDateTime.of(2026, 1, 2, 3, 4, 5, 0, ZoneOffset.UTC)),
                r -> r.getObject(1, OffsetDateTime.class), OffsetDateTime.of(2026, 1, 2, 3, 4, 5, 0, ZoneOffset.UTC));
            kyc(threshold);
            Harness.check("values: phone = ANY of an array, threshold " + threshold, () -> anyOf(threshold));
            Harness.check("values: too long, not a date, out of range, threshold " + threshold, () -> bad(threshold));
            Harness.check("values: found by date, amount and NULL, threshold " + threshold, () -> foundBy(threshold));
        }
        Harness.check("values: parameters' and columns' types", Values::types);
    }

    private static void kyc(String threshold) {
        var uuid = UUID.fromString("9f1a4c5e-0b7d-4f60-8a58-2d3f5f1f0c11");
        var local = LocalDateTime.of(2026, 1, 2, 3, 4, 5, 600_000_000);
        var instant = OffsetDateTime.of(local, ZoneOffset.ofHours(8));
        kyc(threshold, "risk", "setShort", s -> s.setShort(1, (short) -3), r -> r.getShort(1), (short) -3);
        kyc(threshold, "risk", "setInt", s -> s.setInt(1, 5), r -> r.getObject(1), 5);
        kyc(threshold, "district", "setInt", s -> s.setInt(1, 110_105), r -> r.getInt(1), 110_105);
        kyc(threshold, "district", "setLong", s -> s.setLong(1, 110_105), r -> r.getObject(1, Integer.class), 110_105);
        kyc(threshold, "district", "setBigDecimal", s -> s.setBigDecimal(1, new BigDecimal("110105")), r -> r.getString(1), "110105");
        kyc(threshold, "district", "setNull", s -> s.setNull(1, Types.INTEGER), r -> r.getObject(1), null);
        kyc(threshold, "file_no", "setLong", s -> s.setLong(1, Long.MIN_VALUE), r -> r.getLong(1), Long.MIN_VALUE);
        kyc(threshold, "file_no", "setInt", s -> s.setInt(1, 7), r -> r.getObject(1), 7L);
        kyc(threshold, "met_at", "LocalDateTime", s -> s.setObject(1, local), r -> r.getObject(1, LocalDateTime.class), local);
        kyc(threshold, "met_at", "setTimestamp", s -> s.setTimestamp(1, Timestamp.valueOf(local)), r -> r.getTimestamp(1), Timestamp.valueOf(local));
        kyc(threshold, "verified_at", "OffsetDateTime", s -> s.setObject(1, instant), r -> r.getObject(1, OffsetDateTime.class).toInstant(), instant.toInstant());
        kyc(threshold, "verified_at", "setTimestamp", s -> s.setTimestamp(1, Timestamp.from(instant.toInstant())), r -> r.getTimestamp(1).toInstant(), instant.toInstant());
        kyc(threshold, "exposed", "setBoolean", s -> s.setBoolean(1, true), r -> r.getBoolean(1), true);
        kyc(threshold, "exposed", "setObject", s -> s.setObject(1, false), r -> r.getObject(1), false);
        kyc(threshold, "case_id", "setObject", s -> s.setObject(1, uuid), r -> r.getObject(1), uuid);
        kyc(threshold, "answers", "a PGobject", s -> s.setObject(1, json("{\"a\": [1, null, \"王\"]}")), r -> r.getString(1), "{\"a\": [1, null, \"王\"]}");
        kyc(threshold, "answers", "setObject OTHER", s -> s.setObject(1, "{\"b\":1.50}", Types.OTHER), r -> r.getString(1), "{\"b\": 1.50}");
        Harness.check("values: kyc found by each column, threshold " + threshold, () -> {
            try (var app = Bank.connect("app", "prepareThreshold", threshold); var insert = app.prepareStatement(
                "INSERT INTO kyc (customer_id, risk, district, file_no, met_at, verified_at, exposed, case_id) VALUES (?, 3, 110105, 4711, ?, ?, true, ?)")) {
                long id = Bank.insert(app, Bank.Customer.fresh());
                insert.setLong(1, id);
                insert.setObject(2, local);
                insert.setObject(3, instant);
                insert.setObject(4, uuid);
                insert.executeUpdate();
                for (int i = 0; i < 8; i++) {
                    for (var by : Map.<String, Object>of("risk", 3, "district", 110_105L, "file_no", 4711, "met_at", local, "verified_at", instant, "exposed", true, "case_id", uuid).entrySet()) {
                        Harness.same(by.getKey(), Bank.number(app, "SELECT count(*) FROM kyc WHERE " + by.getKey() + " = ? AND customer_id = ?", by.getValue(), id), 1L);
                    }
                }
            }
        });
    }

    private static PGobject json(String text) throws SQLException {
        var object = new PGobject();
        object.setType("jsonb");
        object.setValue(text);
        return object;
    }

    private static void column(String threshold, String column, String how, Setter setter, Getter getter, Object expected) {
        column(threshold, "customers", column, how, setter, getter, expected);
    }

    private static void kyc(String threshold, String column, String how, Setter setter, Getter getter, Object expected) {
        column(threshold, "kyc", column, how, setter, getter, expected);
    }

    /** Set by an UPDATE, eight times, and read back eight times. */
    private static void column(String threshold, String table, String column, String how, Setter setter, Getter getter, Object expected) {
        var key = table.equals("kyc") ? "customer_id" : "id";
        Harness.check("values: " + column + " by " + how + ", threshold " + threshold, () -> {
            try (var app = Bank.connect("app", "prepareThreshold", threshold);
                var update = app.prepareStatement("UPDATE " + table + " SET " + column + " = ? WHERE " + key + " = ?");
                var select = app.prepareStatement("SELECT " + column + " FROM " + table + " WHERE " + key + " = ?")) {
                long id = Bank.insert(app, Bank.Customer.fresh());
                if (table.equals("kyc")) {
                    Bank.number(app, "INSERT INTO kyc (customer_id) VALUES (?) RETURNING customer_id", id);
                }
                for (int i = 0; i < 8; i++) {
                    setter.set(update);
                    update.setLong(2, id);
                    Harness.same("updated", update.executeUpdate(), 1);
                    select.setLong(1, id);
                    try (var row = select.executeQuery()) {
                        Harness.same("a row", row.next(), true);
                        Harness.same("time " + i, getter.get(row), expected);
                    }
                }
            }
        });
    }

    private static void anyOf(String threshold) throws SQLException {
        try (var app = Bank.connect("app", "prepareThreshold", threshold);
            var select = app.prepareStatement("SELECT phone FROM customers WHERE phone = ANY (?) ORDER BY id")) {
            var one = Bank.Customer.fresh();
            var two = Bank.Customer.fresh();
            Bank.insert(app, one);
            Bank.insert(app, two);
            for (int i = 0; i < 8; i++) {
                select.setArray(1, app.createArrayOf("varchar", new String[] {two.phone(), one.phone(), "nobody's"}));
                try (var row = select.executeQuery()) {
                    Harness.same("first", row.next() ? row.getString(1) : null, one.phone());
                    Harness.same("second", row.next() ? row.getString(1) : null, two.phone());
                    Harness.same("third", row.next(), false);
                }
            }
        }
    }

    private static void bad(String threshold) throws Exception {
        try (var app = Bank.connect("app", "prepareThreshold", threshold)) {
            long id = Bank.insert(app, Bank.Customer.fresh());
            Harness.same("a phone of 21", set(app, "phone", id, s -> s.setString(1, "1".repeat(21))), "22001");
            Harness.same("blanks past the end", set(app, "phone", id, s -> s.setString(1, "1" + " ".repeat(30))), "none");
            Harness.same("not a date", set(app, "birth_date", id, s -> s.setObject(1, "1999-02-30", Types.OTHER)), "22008");
            Harness.same("too much", set(app, "credit_limit", id, s -> s.setBigDecimal(1, new BigDecimal("1000000000000"))), "22003");
            Harness.same("a NULL name", set(app, "name", id, s -> s.setString(1, null)), "23502");
        }
    }

    private static String set(Connection app, String column, long id, Setter setter) throws Exception {
        return Bank.refused(() -> {
            try (var update = app.prepareStatement("UPDATE customers SET " + column + " = ? WHERE id = ?")) {
                setter.set(update);
                update.setLong(2, id);
                update.executeUpdate();
            }
        });
    }

    private static void foundBy(String threshold) throws SQLException {
        try (var app = Bank.connect("app", "prepareThreshold", threshold)) {
            long id = Bank.insert(app, Bank.Customer.fresh());
            for (int i = 0; i < 8; i++) {
                Harness.same("by date", Bank.number(app, "SELECT count(*) FROM customers WHERE birth_date = ? AND id = ?", LocalDate.of(1949, 12, 31), id), 1L);
                Harness.same("by amount", Bank.number(app, "SELECT count(*) FROM customers WHERE credit_limit = ? AND id = ?", new BigDecimal("12345.6"), id), 1L);
                Harness.same("by a whole amount", Bank.number(app, "SELECT count(*) FROM customers WHERE credit_limit <> ? AND id = ?", 5, id), 1L);
                Harness.same("by no name", Bank.number(app, "SELECT count(*) FROM customers WHERE name IS NULL AND id = ?", id), 0L);
                Harness.same("by card and name", Bank.number(app, "SELECT count(*) FROM customers WHERE (name, branch_id) = (?, ?) AND id = ?", "欧阳建国", 1, id), 1L);
            }
        }
    }

    private static void types() throws SQLException {
        try (var app = Bank.connect("app"); var select = app.prepareStatement(
            "SELECT id, name, id_card, phone, birth_date, credit_limit, notes, photo FROM customers WHERE phone = ? AND birth_date = ? AND credit_limit = ? AND id = ?")) {
            var parameters = select.getParameterMetaData();
            var expected = List.of("text", "date", "numeric", "int8");
            for (int i = 0; i < expected.size(); i++) {
                Harness.same("parameter " + i, parameters.getParameterTypeName(i + 1), expected.get(i));
            }
            var columns = select.getMetaData();
            var types = List.of("bigserial", "varchar", "bpchar", "varchar", "date", "numeric", "text", "bytea");
            for (int i = 0; i < types.size(); i++) {
                Harness.same("column " + i, columns.getColumnTypeName(i + 1), types.get(i));
                Harness.same("its table " + i, columns.getTableName(i + 1), "customers");
            }
            Harness.same("lengths", List.of(columns.getPrecision(2), columns.getPrecision(3), columns.getPrecision(4), columns.getPrecision(6), columns.getScale(6)), List.of(60, 18, 20, 14, 2));
        }
    }

    private Values() {}
}
