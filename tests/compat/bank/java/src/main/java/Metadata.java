import java.sql.Connection;
import java.sql.DatabaseMetaData;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;

/** The catalog, as tools and frameworks ask the driver for it. */
final class Metadata {
    private interface Question {
        ResultSet ask(DatabaseMetaData metadata) throws SQLException;
    }

    static void checks() {
        asked("getTables", m -> m.getTables(null, "public", "%", new String[] {"TABLE", "VIEW"}), "TABLE_NAME",
            List.of("accounts", "branches", "customers", "kyc", "transfers", "branch_sizes"));
        asked("getColumns: names", m -> m.getColumns(null, "public", "customers", "%"), "COLUMN_NAME",
            List.of("id", "name", "id_card", "phone", "email", "birth_date", "credit_limit", "notes", "photo", "branch_id", "tags", "version", "created_at"));
        asked("getColumns: types of texts", m -> m.getColumns(null, "public", "customers", "phone"), "DATA_TYPE", List.of("12"));
        asked("getColumns: types of others", m -> m.getColumns(null, "public", "customers", "b%"), "TYPE_NAME", List.of("date", "int4"));
        asked("getPrimaryKeys", m -> m.getPrimaryKeys(null, "public", "customers"), "COLUMN_NAME", List.of("id"));
        asked("getImportedKeys", m -> m.getImportedKeys(null, "public", "transfers"), "FKCOLUMN_NAME", List.of("from_account", "to_account"));
        asked("getExportedKeys", m -> m.getExportedKeys(null, "public", "customers"), "FKTABLE_NAME", List.of("accounts", "kyc"));
        asked("getIndexInfo of a plain table", m -> m.getIndexInfo(null, "public", "branches", false, true), "INDEX_NAME", List.of("branches_pkey"));
        asked("getIndexInfo: unique", m -> m.getIndexInfo(null, "public", "customers", true, true), "INDEX_NAME", List.of("customers_id_card_key", "customers_pkey"));
        asked("getFunctions", m -> m.getFunctions(null, "public", "transfer"), "FUNCTION_NAME", List.of("transfer"));
        asked("getFunctionColumns", m -> m.getFunctionColumns(null, "public", "transfer", "%"), "COLUMN_NAME", List.of("returnValue", "payer", "payee", "much"));
        asked("getTablePrivileges", m -> m.getTablePrivileges(null, "public", "transfers"), "GRANTEE",
            List.of("app", "postgres", "app", "postgres", "app", "postgres", "app", "teller", "postgres", "app", "postgres", "app", "postgres", "app", "postgres"));
        asked("getBestRowIdentifier", m -> m.getBestRowIdentifier(null, "public", "accounts", DatabaseMetaData.bestRowSession, false), "COLUMN_NAME", List.of("id"));
        asked("getSchemas", m -> m.getSchemas(null, "public"), "TABLE_SCHEM", List.of("public"));
        asked("getCatalogs", DatabaseMetaData::getCatalogs, "TABLE_CAT", List.of("compat", "postgres", "template1"));
        Harness.check("metadata: getTypeInfo", () -> counted(DatabaseMetaData::getTypeInfo, 30));
        Harness.check("metadata: getColumns of everything", () -> counted(m -> m.getColumns(null, null, "%", "%"), 1000));
        Harness.check("metadata: getProcedures of everything", () -> counted(m -> m.getProcedures(null, null, "%"), 0));
        Harness.check("metadata: getColumnPrivileges", () -> counted(m -> m.getColumnPrivileges(null, "public", "customers", "%"), 13));
        Harness.check("metadata: getTableTypes, getClientInfoProperties", () -> {
            counted(DatabaseMetaData::getTableTypes, 5);
            counted(DatabaseMetaData::getClientInfoProperties, 1);
        });
        Harness.check("metadata: keywords, functions, versions", () -> {
            try (var app = Bank.connect("app")) {
                var metadata = app.getMetaData();
                Harness.same("keywords", metadata.getSQLKeywords().contains("analyze"), true);
                Harness.same("name length", metadata.getMaxColumnNameLength(), 63);
                Harness.same("product", metadata.getDatabaseProductName(), "PostgreSQL");
                Harness.same("user", metadata.getUserName(), "app");
            }
        });
    }

    private static void asked(String name, Question question, String column, List<String> expected) {
        Harness.check("metadata: " + name, () -> {
            try (var app = Bank.connect("app"); var row = question.ask(app.getMetaData())) {
                var found = new ArrayList<String>();
                while (row.next()) {
                    found.add(row.getString(column));
                }
                Harness.same(column, found, expected);
            }
        });
    }

    private static void counted(Question question, int least) throws SQLException {
        try (Connection app = Bank.connect("app"); var row = question.ask(app.getMetaData())) {
            int rows = 0;
            for (; row.next(); rows++) {}
            if (rows < least) {
                throw new AssertionError(rows + " rows");
            }
        }
    }

    private Metadata() {}
}
