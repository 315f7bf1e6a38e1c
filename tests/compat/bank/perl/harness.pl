#!/usr/bin/perl
# DBD::Pg's way to the bank's database: `harness.pl RESULTS` writes `check<TAB>pass|fail` lines.
use strict;
use warnings;
use utf8;
use DBI qw(:sql_types);
use DBD::Pg qw(:pg_types);

binmode STDERR, ':utf8';
my $sealed = ($ENV{BANK_SEALED} // '') eq '1';
my @columns = qw(name id_card phone email birth_date credit_limit notes photo);
my $insert = 'INSERT INTO customers (' . join(', ', @columns) . ') VALUES (' . join(', ', ('?') x @columns) . ')';
my $select = 'SELECT ' . join(', ', @columns) . ' FROM customers';
my $next = 1;
open my $results, '>:utf8', $ARGV[0] or die $!;

# A check of its own rows: what it dies of is its failure, and the others go on.
sub check {
    my ($name, $work) = @_;
    my $app = session('app');
    my $passed = eval { $work->($app); 1 };
    print STDERR "--- $name\n$@\n" unless $passed;
    print $results "$name\t", ($passed ? 'pass' : 'fail'), "\n";
    $app->{AutoCommit} or $app->rollback;
    $app->disconnect;
}

sub session {
    my ($user, %options) = @_;
    DBI->connect("dbi:Pg:dbname=compat;host=127.0.0.1;port=$ENV{PGPORT}", $user, '', { RaiseError => 1, PrintError => 0, AutoCommit => 1, pg_enable_utf8 => 1, %options });
}

sub customer {
    my $number = $next++;
    return { name => '欧阳建国', id_card => sprintf('44010519%09dX', $number), phone => sprintf('135%08d', $number), email => "ouyang$number\@bank.cn",
        birth_date => '1949-12-31', credit_limit => '12345.60', notes => "老客户, don't call before 9", photo => "\0\1\xff\\", @_ };
}

# What a teller sees of it.
sub shown {
    my %c = %{ $_[0] };
    return \%c unless $sealed;
    return { %c, name => '欧阳**', id_card => '440105********' . substr($c{id_card}, 14), phone => '135****' . substr($c{phone}, 7), email => 'ouy***@bank.cn',
        birth_date => '1949-01-01', credit_limit => '10000.00', notes => '******', photo => undef };
}

sub bound {
    my ($statement, $c) = @_;
    my $place = 0;
    $statement->bind_param(++$place, $c->{$_}, $_ eq 'photo' ? { pg_type => PG_BYTEA } : undef) for @columns;
    return $statement;
}

sub stored {
    my ($app, @changes) = @_;
    my $c = customer(@changes);
    is('stored', bound($app->prepare($insert), $c)->execute, 1);
    return $c;
}

sub is {
    my ($what, $found, $expected) = @_;
    my ($f, $e) = map { $_ // 'NULL' } $found, $expected;
    die "$what: found $f, expected $e\n" if $f ne $e;
}

sub same {
    my ($row, $c) = @_;
    die "no row\n" unless $row;
    # an amount's mask is a round one, of whatever scale
    is($_, $_ eq 'credit_limit' && defined $row->{$_} ? 0 + $row->{$_} : $row->{$_}, $_ eq 'credit_limit' && defined $c->{$_} ? 0 + $c->{$_} : $c->{$_}) for @columns;
}

# The SQLSTATE that this ends in.
sub refused {
    my ($session, $work) = @_;
    eval { $work->(); 1 } and return 'none';
    return $session->state;
}

sub found { return $_[0]->selectrow_hashref("$select WHERE $_[1] = ?", undef, $_[2]) }

for my $way ({}, { pg_server_prepare => 0 }, { pg_switch_prepared => 1 }, { pg_prepare_now => 1 }, { pg_placeholder_dollaronly => 0, pg_expand_array => 0 }) {
    my $called = join ' ', map { "$_=$way->{$_}" } sort keys %$way;
    check("insert, find, update, delete ten times $called", sub {
        my $app = session('app', %$way);
        my $by_phone = $app->prepare("$select WHERE phone = ?");
        for (1 .. 10) {
            my $c = stored($app);
            $by_phone->execute($c->{phone});
            same($by_phone->fetchrow_hashref, $c);
            same(found($app, 'id_card', $c->{id_card}), $c);
            is('updated', $app->do('UPDATE customers SET phone = ?, notes = ? WHERE id_card = ?', undef, undef, '', $c->{id_card}), 1);
            same(found($app, 'id_card', $c->{id_card}), { %$c, phone => undef, notes => '' });
            is('deleted', $app->do('DELETE FROM customers WHERE id_card = ?', undef, $c->{id_card}), 1);
            $by_phone->finish;
        }
        $app->disconnect;
    });
    check("teller: finds and sees masks $called", sub {
        my $c = stored($_[0]);
        my $teller = session('teller', %$way);
        for (1 .. 7) {
            same(found($teller, 'phone', $c->{phone}), shown($c));
            same($teller->selectrow_hashref("$select WHERE id_card = " . $teller->quote($c->{id_card})), shown($c));
        }
        $teller->disconnect;
    });
}

check('many rows by execute_array and execute_for_fetch', sub {
    my $app = shift;
    my @many = map { customer() } 1 .. 30;
    my $statement = $app->prepare('INSERT INTO customers (name, id_card, phone) VALUES (?, ?, ?)');
    is('rows', scalar $statement->execute_array({}, '王芳', [map { $_->{id_card} } @many], [map { $_->{phone} } @many]), 30);
    is('found', scalar @{ $app->selectall_arrayref('SELECT id FROM customers WHERE phone = ANY (?)', undef, [map { $_->{phone} } @many]) }, 30);
});
check('a transaction with savepoints and a duplicate', sub {
    my $app = shift;
    $app->begin_work;
    my $c = stored($app);
    $app->pg_savepoint('kept');
    is('a duplicate', refused($app, sub { bound($app->prepare($insert), $c)->execute }), '23505');
    is('its message', $app->errstr =~ /unique constraint "customers_id_card_key"/ ? 1 : 0, 1);
    $app->pg_rollback_to('kept');
    same(found($app, 'phone', $c->{phone}), $c);
    $app->commit;
});
check('a cursor, read in parts', sub {
    my $app = shift;
    $app->begin_work;
    my @many = map { stored($app) } 1 .. 12;
    my $first = $app->selectrow_array('SELECT id FROM customers WHERE phone = ?', undef, $many[0]{phone});
    $app->do("DECLARE chosen CURSOR FOR $select WHERE id >= $first ORDER BY id");
    for my $from (0, 5, 10) {
        my $rows = $app->selectall_arrayref('FETCH 5 FROM chosen', { Slice => {} });
        same($rows->[$_], $many[$from + $_]) for 0 .. $#$rows;
    }
    $app->commit;
});
check('COPY in and out', sub {
    my $app = shift;
    my $c = customer();
    my $line = join("\t", @$c{qw(name id_card phone birth_date credit_limit)}) . "\n";
    $app->do('COPY customers (name, id_card, phone, birth_date, credit_limit) FROM STDIN');
    $app->pg_putcopydata($line);
    $app->pg_putcopyend;
    $app->do("COPY (SELECT name, id_card, phone, birth_date, credit_limit FROM customers WHERE phone = '$c->{phone}') TO STDOUT");
    my ($out, $row) = ('', '');
    $out .= $row while $app->pg_getcopydata(\$row) >= 0;
    is('the line', $out, $line);
});
check('asynchronously, and cancelled', sub {
    my $app = shift;
    my $c = stored($app);
    my $statement = $app->prepare("$select WHERE phone = ?", { pg_async => PG_ASYNC });
    $statement->execute($c->{phone});
    $app->pg_result;
    same($statement->fetchrow_hashref, $c);
    my $slow = $app->prepare('SELECT pg_sleep(20)', { pg_async => PG_ASYNC });
    $slow->execute;
    select undef, undef, undef, 0.5; # a request to cancel that overtakes the statement cancels nothing
    is('cancelled', $app->pg_cancel, 1);
    is('goes on', scalar $app->selectrow_array('SELECT 1'), 1);
});
check('generated keys, RETURNING and upsert', sub {
    my $app = shift;
    my $c = stored($app);
    my $id = $app->last_insert_id(undef, 'public', 'customers', undef);
    is('the id', $id, scalar $app->selectrow_array('SELECT id FROM customers WHERE phone = ?', undef, $c->{phone}));
    for my $version (1 .. 4) {
        my @row = $app->selectrow_array("INSERT INTO customers (name, id_card, phone) VALUES (?, ?, ?) ON CONFLICT (id_card) DO UPDATE SET version = customers.version + 1 RETURNING version, phone", undef, @$c{qw(name id_card phone)});
        is('returned', "@row", "$version $c->{phone}");
    }
});
check('types of columns and parameters', sub {
    my $app = shift;
    my $statement = $app->prepare("$select WHERE phone = ? AND birth_date = ?");
    $statement->execute('1', '2000-01-01');
    is('types', join(' ', @{ $statement->{pg_type} }), 'varchar bpchar varchar varchar date numeric text bytea');
    is('lengths', join(' ', map { $_ - 4 } @{ $statement->{PRECISION} }[0 .. 3]), '60 18 20 120'); # the type's modifier
});
check('the catalog', sub {
    my $app = shift;
    is('tables', join(' ', map { $_->[2] } @{ $app->table_info(undef, 'public', undef, 'TABLE')->fetchall_arrayref }), 'accounts branches customers kyc transfers');
    is('columns', join(' ', map { $_->[3] } @{ $app->column_info(undef, 'public', 'customers', '%')->fetchall_arrayref }[0 .. 3]), 'id name id_card phone');
    is('key', join(' ', $app->primary_key(undef, 'public', 'customers')), 'id');
    is('foreign key', scalar @{ $app->foreign_key_info(undef, undef, undef, undef, 'public', 'accounts')->fetchall_arrayref }, 1);
});
check('notifications and ping', sub {
    my $app = shift;
    my $other = session('app');
    $app->do('LISTEN desk');
    $other->do("NOTIFY desk, '开门'");
    select undef, undef, undef, 0.3;
    my $heard = $app->pg_notifies;
    is('heard', "$heard->[0] $heard->[1] $heard->[2]", "desk $other->{pg_pid} 开门");
    is('ping', $app->ping, 1);
    $other->disconnect;
});
check('large objects', sub {
    my $app = shift;
    $app->begin_work;
    my $object = $app->pg_lo_creat($app->{pg_INV_WRITE} | $app->{pg_INV_READ});
    my $handle = $app->pg_lo_open($object, $app->{pg_INV_WRITE});
    is('written', $app->pg_lo_write($handle, 'abc', 3), 3);
    $app->pg_lo_close($handle);
    $app->pg_lo_unlink($object);
    $app->commit;
});
check('errors', sub {
    my $app = shift;
    my $c = stored($app);
    is('too long', refused($app, sub { $app->do('UPDATE customers SET phone = ? WHERE phone = ?', undef, '1' x 21, $c->{phone}) }), '22001');
    is('not a date', refused($app, sub { $app->do('UPDATE customers SET birth_date = ? WHERE phone = ?', undef, '1999-02-30', $c->{phone}) }), '22008');
    is('no column', refused($app, sub { $app->do('SELECT nothing FROM customers') }), '42703');
    is('a row of it', $app->do('UPDATE customers SET birth_date = ? WHERE phone = ?', undef, '2000-02-29', $c->{phone}), 1);
});
check('teller: saves the form as it was shown', sub {
    my $app = shift;
    my $c = stored($app);
    my $teller = session('teller');
    my @row = $teller->selectrow_array('SELECT name, phone, notes, id FROM customers WHERE phone = ?', undef, $c->{phone});
    is('saved', $teller->do('UPDATE customers SET name = ?, phone = ?, notes = ? WHERE id = ?', undef, @row), 1);
    same(found($app, 'phone', $c->{phone}), $c);
    $teller->disconnect;
});
check('teller: cannot sort, compare or cut what is hidden', sub {
    my $teller = session('teller');
    for my $text ('SELECT phone FROM customers ORDER BY phone', "SELECT 1 FROM customers WHERE phone LIKE '13%'", 'SELECT left(phone, 5) FROM customers') {
        is($text, refused($teller, sub { $teller->selectall_arrayref($text) }), $sealed ? '0A000' : 'none');
    }
    $teller->disconnect;
});
