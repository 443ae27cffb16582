#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Makes a C file of text files, for sim/builtin.h. usage: embed.py OUTPUT FILE..."""
import os
import sys


def literal(line):
    escaped = line.replace("\\", "\\\\").replace('"', '\\"')
    return f'    "{escaped}\\n"\n'


def main():
    output, files = sys.argv[1], sys.argv[2:]
    with open(output, "w", encoding="ascii") as out:
        out.write('#include "sim/builtin.h"\n\n#include <stddef.h>\n#include <string.h>\n\n')
        for i, name in enumerate(files):
            out.write(f"static const char text{i}[] =\n")
            with open(name, encoding="ascii") as f:
                out.writelines(literal(line.rstrip("\n")) for line in f)
            out.write(";\n\n")
        out.write("const sim_builtin_file sim_builtin_files[] = {\n")
        for i, name in enumerate(files):
            out.write(f'    {{"{os.path.basename(name)}", text{i}}},\n')
        out.write("    {NULL, NULL}};\n\n")
        out.write(
            "const char *sim_builtin_find(const char *name)\n{\n"
            "    for (const sim_builtin_file *f = sim_builtin_files; f->name; f++)\n"
            "        if (strcmp(f->name, name) == 0)\n            return f->text;\n"
            "    return NULL;\n}\n"
        )


main()
