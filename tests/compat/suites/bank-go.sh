suite_version() { echo pgx 5.13.0, lib/pq 1.12.3, gorm 1.31; }
suite_prepare() { mkdir -p sources && cp "$here"/bank/go/* sources && cd sources && go mod tidy && go vet . && go build -o ../harness .; }
suite_setup() { bank; }
suite_sealed() { true; }
suite_run() { timeout 600 ./harness "$1"; }
