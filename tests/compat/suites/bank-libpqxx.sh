suite_version() { dpkg-query -W -f '${Package} ${Version}' libpqxx-dev; }
suite_prepare() { debian libpqxx-dev g++ && g++ -std=c++17 -O0 -Wall -Wno-deprecated-declarations -o harness "$here/bank/libpqxx/harness.cpp" -lpqxx -lpq; }
suite_setup() { bank; }
suite_sealed() { true; }
suite_run() { timeout 600 ./harness "$1"; }
