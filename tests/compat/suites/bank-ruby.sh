suite_version() { dpkg-query -W -f '${Package} ${Version}' ruby-pg; }
suite_prepare() { debian ruby ruby-pg; }
suite_setup() { bank; }
suite_sealed() { true; }
suite_run() { timeout 600 /usr/bin/ruby "$here/bank/ruby/harness.rb" "$1"; }
