import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import javax.sql.XAConnection;
import javax.transaction.xa.XAException;
import javax.transaction.xa.XAResource;
import javax.transaction.xa.Xid;
import org.postgresql.xa.PGXADataSource;

/** Two-phase commit, as a transaction manager drives it. */
final class Xa {
    private record Id(int number, String branch) implements Xid {
        @Override public int getFormatId() {
            return 4711;
        }

        @Override public byte[] getGlobalTransactionId() {
            return ("日终" + number).getBytes(StandardCharsets.UTF_8);
        }

        @Override public byte[] getBranchQualifier() {
            return branch.getBytes(StandardCharsets.UTF_8);
        }
    }

    static void checks() {
        Harness.check("xa: prepared and committed by another session", () -> {
            var id = new Id(1, "a");
            var customer = Bank.Customer.fresh();
            prepare(id, customer);
            Harness.same("not yet", count(customer), 0L);
            with(xa -> {
                Harness.same("recovered", Arrays.stream(xa.getXAResource().recover(XAResource.TMSTARTRSCAN)).anyMatch(
                    found -> Arrays.equals(found.getGlobalTransactionId(), id.getGlobalTransactionId())), true);
                xa.getXAResource().commit(id, false);
            });
            Harness.same("there", count(customer), 1L);
        });
        Harness.check("xa: prepared and rolled back", () -> {
            var id = new Id(2, "b");
            var customer = Bank.Customer.fresh();
            prepare(id, customer);
            with(xa -> xa.getXAResource().rollback(id));
            Harness.same("gone", count(customer), 0L);
        });
        Harness.check("xa: one phase", () -> with(xa -> {
            var id = new Id(3, "c");
            var customer = Bank.Customer.fresh();
            xa.getXAResource().start(id, XAResource.TMNOFLAGS);
            Bank.insert(xa.getConnection(), customer);
            xa.getXAResource().end(id, XAResource.TMSUCCESS);
            xa.getXAResource().commit(id, true);
            Harness.same("there", count(customer), 1L);
        }));
        Harness.check("xa: an unknown transaction", () -> with(xa -> {
            try {
                xa.getXAResource().commit(new Id(4, "d"), false);
                throw new AssertionError("committed");
            } catch (XAException failure) {
                Harness.same("code", failure.errorCode, XAException.XAER_NOTA);
            }
        }));
    }

    private interface Use {
        void of(XAConnection xa) throws Exception;
    }

    private static void with(Use use) throws Exception {
        var xa = Bank.source(new PGXADataSource(), "app").getXAConnection();
        try {
            use.of(xa);
        } finally {
            xa.close();
        }
    }

    private static void prepare(Xid id, Bank.Customer customer) throws Exception {
        with(xa -> {
            xa.getXAResource().start(id, XAResource.TMNOFLAGS);
            Bank.insert(xa.getConnection(), customer);
            xa.getXAResource().end(id, XAResource.TMSUCCESS);
            Harness.same("vote", xa.getXAResource().prepare(id), XAResource.XA_OK);
        });
    }

    private static long count(Bank.Customer customer) throws Exception {
        try (var app = Bank.connect("app")) {
            return Bank.number(app, "SELECT count(*) FROM customers WHERE phone = ?", customer.phone());
        }
    }

    private Xa() {}
}
