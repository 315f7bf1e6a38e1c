SELECT a END, phone FROM customers

SELECT '2024-01-01'::date(1 + 1), id FROM customers

SELECT id FROM customers WHERE phone = $1 AND $2::date (NOT NULL OR birth_date = $2)

EXECUTE p2(query_to_xml('select 1', true, true, ''))

EXECUTE t3('440305199709240097', EXISTS (TABLE customers))

CREATE TEMP TABLE customers AS EXECUTE pp

CREATE TABLE information_schema (LIKE customers INCLUDING DEFAULTS)

SELECT ''::t(ROW(phone, 1)) FROM customers

SELECT * FROM customers, JSON_SCALAR(1) x

SELECT address FROM customers AS x (id, address, id_number, phone, email, birth_date, name)

COPY customers TO STDOUT (DELIMITER 5)

COPY customers TO STDOUT (HEADER 1.5)
