#!/bin/sh
# Prints the version that include/reprise/version.h holds.
awk '/RPR_VERSION_(MAJOR|MINOR|PATCH)/ { v = v s $3; s = "." } END { print v }' \
    "$(dirname "$0")/../include/reprise/version.h"
