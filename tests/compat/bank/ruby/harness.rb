#!/usr/bin/ruby
# frozen_string_literal: true

# ruby-pg's way to the bank's database: `harness.rb RESULTS` writes `check<TAB>pass|fail` lines.
require 'pg'
require 'date'
require 'bigdecimal'

SEALED = ENV['BANK_SEALED'] == '1'
COLUMNS = %w[name id_card phone email birth_date credit_limit notes photo].freeze
INSERT = "INSERT INTO customers (#{COLUMNS.join(', ')}) VALUES (#{(1..COLUMNS.size).map { |n| "$#{n}" }.join(', ')})"
SELECT = "SELECT #{COLUMNS.join(', ')} FROM customers"
RESULTS = File.open(ARGV[0], 'w')
$next = 0

# A check of its own rows: what it raises is its failure, and the others go on.
def check(name)
  app = session('app')
  verdict = 'pass'
  begin
    yield app
  rescue StandardError => e
    verdict = 'fail'
    warn "--- #{name}\n#{e.full_message(highlight: false)}"
  end
  app.close
  RESULTS.puts "#{name}\t#{verdict}"
  RESULTS.flush
end

def session(user)
  PG.connect(host: '127.0.0.1', port: ENV.fetch('PGPORT'), dbname: 'compat', user: user)
end

# As programs that map types have it.
def typed(user)
  session(user).tap do |s|
    s.type_map_for_queries = PG::BasicTypeMapForQueries.new(s)
    s.type_map_for_results = PG::BasicTypeMapForResults.new(s)
  end
end

def customer(**changes)
  number = ($next += 1)
  { name: '欧阳建国', id_card: format('55010519%09dX', number), phone: format('134%08d', number), email: "ouyang#{number}@bank.cn",
    birth_date: '1949-12-31', credit_limit: '12345.60', notes: "老客户, don't call before 9", photo: "\x00\x01\xFF\\".b, **changes }
end

# What a teller sees of it.
def shown(c)
  return c unless SEALED

  { **c, name: '欧阳**', id_card: "550105********#{c[:id_card][14..]}", phone: "134****#{c[:phone][7..]}", email: 'ouy***@bank.cn',
    birth_date: '1949-01-01', credit_limit: '10000', notes: '******', photo: nil }
end

def bound(c)
  c.values[0..-2] + [{ value: c[:photo], format: 1 }]
end

def stored(app, **changes)
  customer(**changes).tap { |c| same_value('stored', app.exec_params(INSERT, bound(c)).cmd_tuples, 1) }
end

def same_value(what, found, expected)
  raise "#{what}: found #{found.inspect}, expected #{expected.inspect}" unless found == expected
end

def same(row, c)
  c.each do |column, expected|
    found = row[column.to_s]
    found = PG::Connection.unescape_bytea(found) if column == :photo && found && !found.encoding.equal?(Encoding::BINARY)
    found, expected = [found, expected].map { |n| n && BigDecimal(n) } if column == :credit_limit
    same_value(column, found, expected)
  end
end

def refused
  yield
  'none'
rescue PG::Error => e
  e.result&.error_field(PG::PG_DIAG_SQLSTATE) || e.class.name
end

check('insert, find, update, delete ten times') do |app|
  10.times do
    c = stored(app)
    same(app.exec_params("#{SELECT} WHERE phone = $1", [c[:phone]])[0], c)
    same(app.exec_params("#{SELECT} WHERE id_card = $1 AND birth_date = $2", [c[:id_card], c[:birth_date]])[0], c)
    same_value('updated', app.exec_params('UPDATE customers SET phone = $1, notes = $2 WHERE id_card = $3', [nil, '', c[:id_card]]).cmd_tuples, 1)
    same(app.exec_params("#{SELECT} WHERE id_card = $1", [c[:id_card]])[0], { **c, phone: nil, notes: '' })
    same_value('deleted', app.exec("DELETE FROM customers WHERE id_card = #{app.escape_literal(c[:id_card])}").cmd_tuples, 1)
  end
end
check('prepared and described') do |app|
  app.prepare('insert', INSERT)
  app.prepare('find', "#{SELECT} WHERE phone = $1 AND birth_date = $2")
  described = app.describe_prepared('find')
  same_value('parameters', (0...described.nparams).map { |i| described.paramtype(i) }, [25, 1082])
  same_value('columns', (0...described.nfields).map { |i| described.ftype(i) }, [1043, 1042, 1043, 1043, 1082, 1700, 25, 17])
  same_value('lengths', (0..3).map { |i| described.fmod(i) - 4 }, [60, 18, 20, 120])
  8.times do
    c = customer
    app.exec_prepared('insert', bound(c))
    same(app.exec_prepared('find', [c[:phone], c[:birth_date]])[0], c)
  end
end
check('values in binary') do |app|
  c = stored(app)
  row = app.exec_params('SELECT phone, birth_date, version, photo FROM customers WHERE phone = $1', [c[:phone]], 1)
  same_value('phone', row.getvalue(0, 0), c[:phone])
  same_value('date', row.getvalue(0, 1).unpack1('l>'), (Date.new(1949, 12, 31) - Date.new(2000, 1, 1)).to_i)
  same_value('photo', row.getvalue(0, 3), c[:photo])
end
check('types mapped to and from Ruby') do
  app = typed('app')
  c = customer
  6.times do
    app.exec_params('INSERT INTO customers (name, id_card, phone, birth_date, credit_limit) VALUES ($1, $2, $3, $4, $5) ON CONFLICT (id_card) DO NOTHING',
                    [c[:name], c[:id_card], c[:phone], Date.new(1949, 12, 31), BigDecimal('12345.60')])
    row = app.exec_params('SELECT birth_date, credit_limit, version FROM customers WHERE phone = $1', [c[:phone]])[0]
    same_value('row', row, { 'birth_date' => Date.new(1949, 12, 31), 'credit_limit' => BigDecimal('12345.6'), 'version' => 0 })
  end
  app.close
end
check('a pipeline with an error in its middle') do |app|
  c = customer
  app.enter_pipeline_mode
  app.send_query_params(INSERT, bound(c))
  app.pipeline_sync
  app.send_query_params("#{SELECT} WHERE phone = $1", [c[:phone]])
  app.send_query_params(INSERT, bound(c))
  app.send_query_params('SELECT 1', [])
  app.pipeline_sync
  statuses = []
  while statuses.count(PG::PGRES_PIPELINE_SYNC) < 2
    result = app.get_result or next
    status = result.result_status
    statuses << status
    same(result[0], c) if status == PG::PGRES_TUPLES_OK
    same_value('state', result.error_field(PG::PG_DIAG_SQLSTATE), '23505') if status == PG::PGRES_FATAL_ERROR
  end
  same_value('statuses', statuses, [PG::PGRES_COMMAND_OK, PG::PGRES_PIPELINE_SYNC, PG::PGRES_TUPLES_OK, PG::PGRES_FATAL_ERROR, PG::PGRES_PIPELINE_ABORTED, PG::PGRES_PIPELINE_SYNC])
  app.exit_pipeline_mode
end
check('row by row') do |app|
  many = Array.new(25) { stored(app) }
  first = app.exec_params('SELECT id FROM customers WHERE phone = $1', [many[0][:phone]]).getvalue(0, 0)
  app.send_query_params("#{SELECT} WHERE id >= $1 ORDER BY id", [first])
  app.set_single_row_mode
  seen = 0
  app.get_result.stream_each do |row|
    same(row, many[seen])
    seen += 1
  end
  same_value('rows', seen, 25)
end
check('transactions, savepoints and a duplicate') do |app|
  c = nil
  app.transaction do |t|
    c = stored(t)
    t.exec('SAVEPOINT kept')
    same_value('a duplicate', refused { t.exec_params(INSERT, bound(c)) }, '23505')
    t.exec('ROLLBACK TO SAVEPOINT kept')
  end
  same(app.exec_params("#{SELECT} WHERE phone = $1", [c[:phone]])[0], c)
end
check('COPY in and out') do |app|
  c = customer
  line = "#{c.values_at(:name, :id_card, :phone, :birth_date, :credit_limit).join(',')}\n"
  app.copy_data('COPY customers (name, id_card, phone, birth_date, credit_limit) FROM STDIN (FORMAT csv)') { app.put_copy_data(line) }
  out = +''
  app.copy_data("COPY (SELECT name, id_card, phone, birth_date, credit_limit FROM customers WHERE phone = '#{c[:phone]}') TO STDOUT (FORMAT csv)") do
    while (row = app.get_copy_data)
      out << row
    end
  end
  same_value('line', out.force_encoding('UTF-8'), line)
end
check('notifications, notices and cancel') do |app|
  other = session('app')
  app.exec('LISTEN desk')
  other.exec("NOTIFY desk, '开门'")
  app.wait_for_notify(5) { |channel, pid, payload| same_value('heard', [channel, pid, payload.force_encoding('UTF-8')], ['desk', other.backend_pid, '开门']) } or raise 'nothing heard'
  said = []
  app.set_notice_receiver { |result| said << result.error_field(PG::PG_DIAG_MESSAGE_PRIMARY) }
  app.exec("DO $$ BEGIN RAISE NOTICE 'seen'; END $$")
  same_value('said', said, ['seen'])
  app.send_query('SELECT pg_sleep(20)')
  sleep 0.5 # a request to cancel that overtakes the statement cancels nothing
  same_value('cancel', app.cancel, nil)
  same_value('state', refused { app.get_last_result }, '57014')
  other.close
end
check("errors' fields") do |app|
  c = stored(app)
  fields = lambda do |text, values|
    app.exec_params(text, values)
  rescue PG::Error => e
    [PG::PG_DIAG_SQLSTATE, PG::PG_DIAG_CONSTRAINT_NAME, PG::PG_DIAG_TABLE_NAME].map { |field| e.result.error_field(field) }
  end
  same_value('a duplicate', fields.call(INSERT, bound(c)), %w[23505 customers_id_card_key customers])
  same_value('too long', fields.call('UPDATE customers SET phone = $1 WHERE id_card = $2', ['1' * 21, c[:id_card]]), ['22001', nil, nil])
  same_value('no date', fields.call('UPDATE customers SET birth_date = $1 WHERE id_card = $2', ['x', c[:id_card]]), ['22007', nil, nil])
  same_value('no branch', fields.call('INSERT INTO customers (name, id_card, branch_id) VALUES ($1, $2, 99)', %w[a b]), %w[23503 customers_branch_id_fkey customers])
end
check('large objects') do |app|
  app.transaction do
    oid = app.lo_creat(PG::INV_READ | PG::INV_WRITE)
    object = app.lo_open(oid, PG::INV_WRITE | PG::INV_READ)
    same_value('written', app.lo_write(object, 'abc'), 3)
    app.lo_lseek(object, 0, PG::SEEK_SET)
    same_value('read', app.lo_read(object, 3), 'abc')
    app.lo_close(object)
    app.lo_unlink(oid)
  end
end
check('teller: finds and sees masks') do |app|
  c = stored(app)
  teller = session('teller')
  teller.prepare('card', "#{SELECT} WHERE id_card = $1")
  7.times do
    same(teller.exec_params("#{SELECT} WHERE phone = $1", [c[:phone]])[0], shown(c))
    same(teller.exec_prepared('card', [c[:id_card]])[0], shown(c))
    same(teller.exec("#{SELECT} WHERE phone = '#{c[:phone]}'")[0], shown(c))
  end
  teller.close
end
check('teller: saves the form as it was shown') do |app|
  c = stored(app)
  teller = session('teller')
  row = teller.exec_params('SELECT name, phone, notes, id FROM customers WHERE phone = $1', [c[:phone]]).values[0]
  same_value('saved', teller.exec_params('UPDATE customers SET name = $1, phone = $2, notes = $3 WHERE id = $4', row).cmd_tuples, 1)
  same(app.exec_params("#{SELECT} WHERE phone = $1", [c[:phone]])[0], c)
  teller.close
end
check('teller: cannot sort, compare or cut what is hidden') do
  teller = session('teller')
  ['SELECT phone FROM customers ORDER BY phone', "SELECT 1 FROM customers WHERE phone LIKE '13%'", 'SELECT left(phone, 5) FROM customers'].each do |text|
    same_value(text, refused { teller.exec(text) }, SEALED ? '0A000' : 'none')
  end
  teller.close
end
