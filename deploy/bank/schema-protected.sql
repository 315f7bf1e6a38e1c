-- Derived from schema.sql by src/demo/schema.rs: change that, not this.

CREATE TABLE branches (
    id         integer PRIMARY KEY,
    code       varchar(12) NOT NULL UNIQUE,
    name       varchar(60) NOT NULL,
    city       varchar(40) NOT NULL
);

CREATE TABLE employees (
    id         integer PRIMARY KEY,
    login      varchar(40) NOT NULL UNIQUE,
    name       varchar(60) NOT NULL,
    title      varchar(40),
    branch_id  integer NOT NULL REFERENCES branches (id),
    phone text CHECK (left(phone, 5) = '~pv1:')
);

CREATE TABLE customers (
    id           bigint PRIMARY KEY,
    name         varchar(60) NOT NULL,
    id_number text NOT NULL CHECK (left(id_number, 5) = '~pv1:'),
    phone text CHECK (left(phone, 5) = '~pv1:'),
    email text CHECK (left(email, 5) = '~pv1:'),
    birth_date text CHECK (left(birth_date, 5) = '~pv1:'),
    address      varchar(200),
    credit_limit text CHECK (left(credit_limit, 5) = '~pv1:'),
    notes text CHECK (left(notes, 5) = '~pv0:'),
    vip          boolean NOT NULL DEFAULT false,
    created_at   timestamptz NOT NULL DEFAULT now(),
    branch_id    integer NOT NULL REFERENCES branches (id),
    manager_id   integer REFERENCES employees (id)
);

CREATE TABLE accounts (
    id          bigint PRIMARY KEY,
    account_no text NOT NULL CHECK (left(account_no, 5) = '~pv1:'),
    customer_id bigint NOT NULL REFERENCES customers (id),
    branch_id   integer NOT NULL REFERENCES branches (id),
    currency    char(3) NOT NULL DEFAULT 'CNY',
    balance     numeric(18,2) NOT NULL DEFAULT 0,
    opened_on   date,
    status      varchar(10) NOT NULL DEFAULT 'open'
);

CREATE TABLE cards (
    id          bigint PRIMARY KEY,
    pan text NOT NULL CHECK (left(pan, 5) = '~pv1:'),
    account_id  bigint NOT NULL REFERENCES accounts (id),
    customer_id bigint NOT NULL REFERENCES customers (id),
    expires text CHECK (left(expires, 5) = '~pv0:'),
    holder      varchar(60),
    status      varchar(10) NOT NULL DEFAULT 'active'
);

CREATE TABLE transactions (
    id           bigint PRIMARY KEY,
    account_id   bigint NOT NULL REFERENCES accounts (id),
    at           timestamptz NOT NULL,
    kind         varchar(12) NOT NULL,
    amount       numeric(14,2) NOT NULL,
    counterparty text CHECK (left(counterparty, 5) = '~pv1:'),
    memo         varchar(140)
);

CREATE TABLE kyc (
    customer_id bigint PRIMARY KEY REFERENCES customers (id),
    risk text CHECK (left(risk, 5) = '~pv1:'),
    district text CHECK (left(district, 5) = '~pv1:'),
    file_no text CHECK (left(file_no, 5) = '~pv1:'),
    net_worth text CHECK (left(net_worth, 5) = '~pv1:'),
    issued_on text CHECK (left(issued_on, 5) = '~pv1:'),
    met_at text CHECK (left(met_at, 5) = '~pv1:'),
    verified_at text CHECK (left(verified_at, 5) = '~pv1:'),
    exposed text CHECK (left(exposed, 5) = '~pv1:'),
    case_id text CHECK (left(case_id, 5) = '~pv1:'),
    answers text CHECK (left(answers, 5) = '~pv0:'),
    photo text CHECK (left(photo, 5) = '~pv0:'),
    country text CHECK (left(country, 5) = '~pv1:'),
    tax_no text CHECK (left(tax_no, 5) = '~pv1:'),
    remarks text CHECK (left(remarks, 5) = '~pv0:')
);

CREATE INDEX customers_phone_idx ON customers (left(phone, 27));
CREATE INDEX customers_email_idx ON customers (left(email, 27));
CREATE INDEX customers_branch_id_idx ON customers (branch_id);
CREATE INDEX customers_manager_id_idx ON customers (manager_id);
CREATE INDEX accounts_customer_id_idx ON accounts (customer_id);
CREATE INDEX cards_customer_id_idx ON cards (customer_id);
CREATE INDEX transactions_account_id_idx ON transactions (account_id);
CREATE INDEX transactions_counterparty_idx ON transactions (left(counterparty, 27));

CREATE VIEW customer_contacts AS SELECT id, phone AS mobile, email, branch_id FROM customers;
CREATE VIEW vip_contacts AS SELECT v.id, v.mobile, v.email FROM customer_contacts v JOIN customers c ON c.id = v.id WHERE c.vip;
CREATE UNIQUE INDEX employees_phone_key ON employees (left(phone, 27));
CREATE UNIQUE INDEX customers_id_number_key ON customers (left(id_number, 27));
CREATE UNIQUE INDEX accounts_account_no_key ON accounts (left(account_no, 27));
CREATE UNIQUE INDEX cards_pan_key ON cards (left(pan, 27));
