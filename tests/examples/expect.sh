# SPDX-License-Identifier: Apache-2.0
# What the tests of the examples share; to be read by a script whose first argument is the program.
program=$1
tool=$(basename "$program")
tests=0 failed=0
touch out err
wrong() {
    failed=$((failed + 1))
    echo "FAILED: $name: $1"
    head -40 out err | sed 's/^/  | /'
}
expect() { # expect CODE ARGUMENTS...
    want=$1
    shift
    name="$tool $*"
    tests=$((tests + 1))
    "$program" "$@" >out 2>err <"${stdin:-/dev/null}"
    got=$?
    [ "$got" -eq "$want" ] || wrong "exit code $got instead of $want"
}
refuses() { # refuses CODE TEXT ARGUMENTS...: one line on stderr that holds TEXT
    refuses_code=$1
    text=$2
    shift 2
    expect "$refuses_code" "$@"
    grep -qF -e "$text" err && [ "$(wc -l <err)" -eq 1 ] && grep -q "^$tool: " err ||
        wrong "err is not one line with: $text"
}
