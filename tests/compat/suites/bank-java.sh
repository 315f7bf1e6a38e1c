suite_version() { echo pgjdbc 42.7.14, HikariCP 7.1, Spring 6.2, Hibernate 6.6, MyBatis 3.5, PageHelper 6.1; }
suite_prepare() {
  rm -rf sources classes && cp -r "$here/bank/java" sources &&
    mvn -q -B -f sources/pom.xml dependency:copy-dependencies -DoutputDirectory="$PWD/lib" -Dmdep.overWriteReleases=false &&
    javac -encoding UTF-8 -d classes -cp 'lib/*' sources/src/main/java/*.java && cp -r sources/src/main/resources/. classes
}
suite_setup() { bank; }
suite_sealed() { true; }
suite_run() { timeout 600 java -cp 'classes:lib/*' Harness "$1"; }
