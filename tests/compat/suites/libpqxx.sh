suite_version() { dpkg-query -W -f '${Package} ${Version}' libpqxx-dev; }
suite_prepare() {
  debian libpqxx-dev g++ && debian_source libpqxx && cd run/test || return
  printf '%s\n' ./*.cxx unit/*.cxx | grep -v -e unit/runner.cxx | xargs -P 2 -I{} sh -c 'o=../$(basename {} .cxx).o; [ -e "$o" ] || g++ -std=c++17 -O0 -w -I. -c -o "$o.part" {} && mv "$o.part" "$o"' 2>/dev/null
  g++ -o ../runner ../*.o -lpqxx -lpq
}
# What the server "does not support" is no pass.
suite_run() {
  cd run && timeout 600 ./runner >runner.log 2>&1
  awk '/^Running: / { name(); test = $2; verdict = "pass" } /^FAILED: / { verdict = "fail" } /^Not testing unsupported/ { verdict = "skip" }
    function name() { if (test) print test "\t" verdict } END { name() }' runner.log >"$1"
}
