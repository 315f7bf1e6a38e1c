// libpqxx's way to the bank's database: `harness RESULTS` writes `check<TAB>pass|fail` lines.
#include <pqxx/pqxx>

#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <functional>
#include <iostream>
#include <stdexcept>
#include <string>
#include <tuple>
#include <vector>

namespace {
using pqxx::work;

const bool sealed = std::getenv("BANK_SEALED") && std::string{std::getenv("BANK_SEALED")} == "1";
const std::string columns = "name, id_card, phone, email, birth_date, credit_limit, notes, photo";
const std::string insertion = "INSERT INTO customers (" + columns + ") VALUES ($1, $2, $3, $4, $5, $6, $7, $8)";
const std::string selection = "SELECT " + columns + " FROM customers";
std::ofstream results;

struct Session : pqxx::connection {
    explicit Session(const std::string &user = "app")
        : pqxx::connection{"host=127.0.0.1 port=" + std::string{std::getenv("PGPORT")} + " dbname=compat user=" + user} {}
};

// A check of its own rows: what it throws is its failure, and the others go on.
void check(const std::string &name, const std::function<void(Session &)> &work) {
    auto verdict = "pass";
    try {
        Session app;
        work(app);
    } catch (const std::exception &failure) {
        verdict = "fail";
        std::cerr << "--- " << name << '\n' << failure.what() << '\n';
    }
    results << name << '\t' << verdict << std::endl;
}

template <typename T> void same(const std::string &what, const T &found, const T &expected) {
    if (!(found == expected)) throw std::logic_error(what + ": found " + pqxx::to_string(found) + ", expected " + pqxx::to_string(expected));
}

std::string padded(int number, std::size_t width) {
    auto digits = std::to_string(number);
    return std::string(width - digits.size(), '0') + digits;
}

struct Customer {
    std::string name = "欧阳建国", card, phone, email, birth = "1949-12-31", limit = "12345.60", notes = "老客户, don't call before 9";
    std::string photo{"\0\1\xff\\", 4};

    Customer() {
        static int next = 0;
        ++next;
        card = "66010519" + padded(next, 9) + "X";
        phone = "133" + padded(next, 8);
        email = "ouyang" + std::to_string(next) + "@bank.cn";
    }

    void store(pqxx::transaction_base &in) const {
        in.exec_params0(insertion, name, card, phone, email, birth, limit, notes, pqxx::binarystring{photo});
    }

    // The row has these values; a teller's has their masks.
    void expect(const pqxx::row &row, bool masked = false) const {
        masked = masked && sealed;
        same("name", row[0].as<std::string>(), masked ? std::string{"欧阳**"} : name);
        same("card", row[1].as<std::string>(), masked ? "660105********" + card.substr(14) : card);
        same("phone", row[2].as<std::string>(), masked ? "133****" + phone.substr(7) : phone);
        same("email", row[3].as<std::string>(), masked ? std::string{"ouy***@bank.cn"} : email);
        same("birth", row[4].as<std::string>(), masked ? std::string{"1949-01-01"} : birth);
        same("limit", row[5].as<double>(), masked ? 10000.0 : 12345.6);
        same("notes", row[6].as<std::string>(), masked ? std::string{"******"} : notes);
        same("photo's absence", row[7].is_null(), masked);
        if (!masked) same("photo", pqxx::binarystring{row[7]}.str(), photo);
    }
};

std::string refused(const std::function<void()> &work) {
    try {
        work();
    } catch (const pqxx::sql_error &failure) {
        return failure.sqlstate();
    }
    return "none";
}

void statements() {
    check("insert, find, update, delete ten times", [](Session &app) {
        for (int i = 0; i < 10; ++i) {
            Customer c;
            work in{app};
            c.store(in);
            c.expect(in.exec_params1(selection + " WHERE phone = $1", c.phone));
            c.expect(in.exec1(selection + " WHERE id_card = " + in.quote(c.card)));
            same("updated", int(in.exec_params("UPDATE customers SET phone = NULL, notes = $1 WHERE id_card = $2", "", c.card).affected_rows()), 1);
            same("no phone", in.exec_params1("SELECT phone, notes FROM customers WHERE id_card = $1", c.card)[0].is_null(), true);
            same("deleted", int(in.exec_params("DELETE FROM customers WHERE id_card = $1", c.card).affected_rows()), 1);
            in.commit();
        }
    });
    check("prepared statements", [](Session &app) {
        app.prepare("by phone", selection + " WHERE phone = $1 AND birth_date = $2");
        for (int i = 0; i < 8; ++i) {
            Customer c;
            work in{app};
            c.store(in);
            c.expect(in.exec_prepared1("by phone", c.phone, c.birth));
            in.commit();
        }
    });
    check("a pipeline", [](Session &app) {
        std::vector<Customer> many(20);
        {
            work in{app};
            for (const auto &c : many) c.store(in);
            in.commit();
        }
        work in{app};
        pqxx::pipeline pipe{in};
        pipe.retain(8);
        std::vector<pqxx::pipeline::query_id> asked;
        for (const auto &c : many) asked.push_back(pipe.insert(selection + " WHERE phone = " + in.quote(c.phone)));
        for (std::size_t i = 0; i < many.size(); ++i) many[i].expect(pipe.retrieve(asked[i])[0]);
    });
    check("a cursor", [](Session &app) {
        std::vector<Customer> many(23);
        work in{app};
        for (const auto &c : many) c.store(in);
        auto first = in.exec_params1("SELECT id FROM customers WHERE phone = $1", many[0].phone)[0].as<long>();
        pqxx::icursorstream cursor{in, selection + " WHERE id >= " + std::to_string(first) + " ORDER BY id", "some", 5};
        std::size_t seen = 0;
        for (pqxx::result rows; cursor >> rows;)
            for (const auto &row : rows) many[seen++].expect(row);
        same("rows", seen, many.size());
    });
    check("streams into and out of a table", [](Session &app) {
        Customer c;
        work in{app};
        pqxx::stream_to into{in, "customers", std::vector<std::string>{"name", "id_card", "phone"}};
        into << std::make_tuple(c.name, c.card, c.phone);
        into.complete();
        same("name", in.exec_params1("SELECT name FROM customers WHERE phone = $1", c.phone)[0].as<std::string>(), c.name);
        pqxx::stream_from from{in, "customers", std::vector<std::string>{"id_card", "phone"}};
        bool found = false;
        for (std::string line; from.get_raw_line(line);) found = found || line.rfind(c.card + "\t" + c.phone, 0) == 0;
        same("found", found, true);
    });
}

void sessions() {
    check("a subtransaction is undone by a duplicate", [](Session &app) {
        Customer c;
        work in{app};
        c.store(in);
        same("state", refused([&] {
            pqxx::subtransaction inner{in, "inner"};
            inner.exec("SELECT 1"); // a statement with parameters does not begin it
            c.store(inner);
        }), std::string{"23505"});
        in.commit();
        work after{app};
        c.expect(after.exec_params1(selection + " WHERE phone = $1", c.phone));
    });
    check("errors' states", [](Session &app) {
        Customer c;
        { work in{app}; c.store(in); in.commit(); }
        const auto failing = [&](const std::string &text) { work in{app}; return refused([&] { in.exec(text); }); };
        same("too long", failing("UPDATE customers SET phone = '" + std::string(21, '1') + "' WHERE id_card = '" + c.card + "'"), std::string{"22001"});
        same("no date", failing("UPDATE customers SET birth_date = 'x' WHERE id_card = '" + c.card + "'"), std::string{"22007"});
        same("no column", failing("SELECT nothing FROM customers"), std::string{"42703"});
        same("no table", failing("SELECT 1 FROM nowhere"), std::string{"42P01"});
        same("no branch", failing("INSERT INTO customers (name, id_card, branch_id) VALUES ('a', 'b', 99)"), std::string{"23503"});
        same("a short account", failing("INSERT INTO accounts (account_no, customer_id, balance) SELECT 'x" + c.card + "', id, 1 FROM customers WHERE phone = '" + c.phone
            + "'; SELECT transfer(id, id, 5) FROM accounts WHERE account_no = 'x" + c.card + "'"), std::string{"P0001"});
    });
    check("notifications", [](Session &app) {
        struct Listener : pqxx::notification_receiver {
            std::string payload;
            int pid = 0;
            explicit Listener(pqxx::connection &c) : notification_receiver{c, "desk"} {}
            void operator()(const std::string &text, int backend) override { payload = text; pid = backend; }
        } listener{app};
        Session other;
        { pqxx::nontransaction in{other}; in.exec("NOTIFY desk, '开门'"); }
        app.await_notification(5, 0);
        same("payload", listener.payload, std::string{"开门"});
        same("pid", listener.pid, other.backendpid());
    });
    check("large objects", [](Session &app) {
        work in{app};
        pqxx::largeobjectaccess object{in};
        object.write("abc", 3);
        object.seek(1, std::ios::beg);
        char read[2];
        same("read", int(object.read(read, 2)), 2);
        same("bytes", std::string(read, 2), std::string{"bc"});
        object.remove(in);
        in.commit();
    });
}

void teller() {
    check("teller: finds and sees masks", [](Session &app) {
        Customer c;
        { work in{app}; c.store(in); in.commit(); }
        Session teller{"teller"};
        teller.prepare("card", selection + " WHERE id_card = $1");
        work in{teller};
        for (int i = 0; i < 7; ++i) {
            c.expect(in.exec_params1(selection + " WHERE phone = $1", c.phone), true);
            c.expect(in.exec_prepared1("card", c.card), true);
            c.expect(in.exec1(selection + " WHERE phone = " + in.quote(c.phone)), true);
        }
    });
    check("teller: saves the form as it was shown", [](Session &app) {
        Customer c;
        { work in{app}; c.store(in); in.commit(); }
        {
            Session teller{"teller"};
            work in{teller};
            auto row = in.exec_params1("SELECT name, phone, notes, id FROM customers WHERE phone = $1", c.phone);
            in.exec_params0("UPDATE customers SET name = $1, phone = $2, notes = $3 WHERE id = $4", row[0].c_str(), row[1].c_str(), row[2].c_str(), row[3].c_str());
            in.commit();
        }
        work in{app};
        c.expect(in.exec_params1(selection + " WHERE phone = $1", c.phone));
    });
    check("teller: cannot sort, compare or cut what is hidden", [](Session &) {
        Session teller{"teller"};
        for (const std::string text : {"SELECT phone FROM customers ORDER BY phone", "SELECT 1 FROM customers WHERE phone LIKE '13%'", "SELECT left(phone, 5) FROM customers"}) {
            work in{teller};
            same(text, refused([&] { in.exec(text); }), std::string{sealed ? "0A000" : "none"});
        }
    });
}
} // namespace

int main(int, char **arguments) {
    results.open(arguments[1]);
    statements();
    sessions();
    teller();
}
