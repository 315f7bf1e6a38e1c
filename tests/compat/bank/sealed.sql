-- What `pgveil policy ddl` leaves to the administrator: uniqueness moves to the equality term, under the constraint's name.
ALTER TABLE customers DROP CONSTRAINT customers_id_card_key;
CREATE UNIQUE INDEX customers_id_card_key ON customers (left(id_card, 27));
ALTER TABLE accounts DROP CONSTRAINT accounts_account_no_key;
CREATE UNIQUE INDEX accounts_account_no_key ON accounts (left(account_no, 27));
DROP INDEX customers_phone_idx;
