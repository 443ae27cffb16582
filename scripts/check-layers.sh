#!/bin/sh
# A folder of src/ may include only from itself and from the folders before it in this list.
# onnx/ may know graph/ and core/ only. tools/ and examples/ may know the public API only.
cd "$(dirname "$0")/.." || exit 1
order="core cpu kernels graph onnx quant change ops slide plan trace stream metric calibrate audit quantize"
bad=0
allowed="reprise"
for dir in $order; do
    allowed="$allowed $dir"
    may=$allowed
    [ "$dir" = onnx ] && may="reprise core graph onnx"
    [ -d "src/$dir" ] || continue
    for inc in $(grep -rhoE '^#include "[a-z]+/' "src/$dir" --include='*.[ch]' | cut -d'"' -f2 |
        cut -d/ -f1 | sort -u); do
        case " $may " in
        *" $inc "*) ;;
        *)
            grep -rnE "^#include \"$inc/" "src/$dir" --include='*.[ch]' |
                sed "s|\$|   <- src/$dir may not use $inc/|"
            bad=1
            ;;
        esac
    done
done
# The simulator shares the trace and what that stands on, and knows nothing of the engine.
if grep -rnE "^#include \"($(echo "$order" | sed 's/core//; s/trace//' | tr -s ' ' '|' | sed 's/^|//; s/|$//'))/" sim \
    --include='*.[ch]'; then
    echo "sim/ may use core/, trace/ and the public API only"
    bad=1
fi
# The front ends of sound stand alone.
if grep -rnE '^#include "[a-z]+/' audio --include='*.[ch]'; then
    echo "audio/ may use nothing but itself and the C library"
    bad=1
fi
for dir in tools examples; do
    [ -d "$dir" ] || continue
    if grep -rnE "^#include \"($(echo "$order" | tr ' ' '|'))/" "$dir" --include='*.[ch]'; then
        echo "$dir/ may use the public API only"
        bad=1
    fi
done
exit $bad
