suite_version() { dpkg-query -W -f '${Package} ${Version}' libdbd-pg-perl; }
suite_prepare() { debian libdbd-pg-perl; }
suite_setup() { bank; }
suite_sealed() { true; }
suite_run() { timeout 600 /usr/bin/perl "$here/bank/perl/harness.pl" "$1"; }
