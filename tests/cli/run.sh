#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Runs the command line the way people do, and the ways they should not.
# usage: run.sh PROGRAM
set -u
reprise=$1
here=$(cd "$(dirname "$0")" && pwd)
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir" || exit 1

/usr/bin/python3 "$here/make_model.py" "$dir" || exit 1
film() { # film OUTPUT FRAMES [OPTION...]: a moving test picture
    film_out=$1
    film_frames=$2
    shift 2
    ffmpeg -v error -y -f lavfi -i testsrc2=s=96x64:r=10 -frames:v "$film_frames" "$@" "$film_out" \
        </dev/null || exit 1
}

tests=0
failed=0
wrong() {
    failed=$((failed + 1))
    echo "FAILED: $name"
    echo "  $1"
    sed 's/^/  | /' out err
}

# expect CODE COMMAND...: runs it; its output is in the files out and err afterwards.
expect() {
    want=$1
    shift
    name="reprise $*"
    tests=$((tests + 1))
    "$reprise" "$@" >out 2>err <"${stdin:-/dev/null}"
    got=$?
    [ "$got" -eq "$want" ] || wrong "exit code $got instead of $want"
}
says() { # says FILE TEXT: the file holds the text
    tests=$((tests + 1))
    grep -qF -e "$2" "$1" || wrong "$1 does not hold: $2"
}
one_line() { # the error is one line and begins with the program's name
    tests=$((tests + 1))
    [ "$(wc -l <err)" -eq 1 ] && grep -q '^reprise: ' err || wrong 'err is not one line of reprise'
}
silent() { # silent FILE: it is empty
    tests=$((tests + 1))
    [ ! -s "$1" ] || wrong "$1 is not empty"
}
refuses() { # refuses CODE TEXT COMMAND...: fails with one line that holds TEXT, and no output
    refuses_code=$1
    refuses_text=$2
    shift 2
    expect "$refuses_code" "$@"
    says err "$refuses_text"
    one_line
    silent out
}
json() { # json FILE EXPRESSION: true of the parsed file, called j
    tests=$((tests + 1))
    /usr/bin/python3 -c "import json; j = json.load(open('$1')); assert $2" 2>/dev/null ||
        wrong "$1: not true: $2"
}

. "$here/help.sh"
. "$here/usage.sh"
. "$here/inputs.sh"
. "$here/arrays.sh"
. "$here/models.sh"
. "$here/results.sh"
. "$here/sound.sh"
. "$here/windows.sh"
. "$here/calibrate.sh"
. "$here/quantize.sh"
. "$here/int8.sh"
. "$here/audit.sh"
. "$here/trace.sh"
. "$here/sim.sh"

echo "$tests checks, $failed failed"
[ "$failed" -eq 0 ]
