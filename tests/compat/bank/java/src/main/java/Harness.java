import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Objects;

/** Java's way to a bank's database, check by check: `java Harness RESULTS` writes `check<TAB>pass|fail` lines. */
public final class Harness {
    interface Check {
        void run() throws Exception;
    }

    private static PrintWriter results;

    public static void main(String[] arguments) throws IOException {
        try (var writer = new PrintWriter(Files.newBufferedWriter(Path.of(arguments[0])))) {
            results = writer;
            Driver.checks();
            Values.checks();
            Metadata.checks();
            Xa.checks();
            Pool.checks();
            Spring.checks();
            Hibernate.checks();
            MyBatis.checks();
            Teller.checks();
        }
        System.exit(0); // threads of pools that a failed check left open
    }

    /** A check of its own rows: what it throws is its failure, and the others go on. */
    static void check(String name, Check check) {
        var verdict = "pass";
        try {
            check.run();
        } catch (Throwable failure) {
            verdict = "fail";
            System.err.println("--- " + name);
            failure.printStackTrace();
        }
        results.println(name + "\t" + verdict);
        results.flush();
    }

    static void same(String what, Object found, Object expected) {
        var equal = found instanceof byte[] bytes ? Arrays.equals(bytes, (byte[]) expected) : Objects.equals(found, expected);
        if (!equal) {
            throw new AssertionError(what + ": found " + found + ", expected " + expected);
        }
    }

    private Harness() {}
}
