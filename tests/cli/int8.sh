# SPDX-License-Identifier: Apache-2.0
# Networks of 8 bits: what info says, exact results behind exact gates, plans, and broken models.

# Pictures of which most moves and a small part does, and two models: all in 8 bits, and the last layer in f32.
film moving.mkv 40 -c:v ffv1
ffmpeg -v error -y -f lavfi -i 'smptebars=s=96x64:r=10[a];color=red:s=12x12:r=10[b];[a][b]overlay=x=t*20:y=24' \
    -frames:v 40 -c:v ffv1 calm.mkv </dev/null || exit 1
expect 0 quantize net.onnx moving.mkv -o q8.onnx
expect 0 quantize net.onnx moving.mkv -o mixed.onnx --keep 1

expect 0 info q8.onnx
says out '8-bit       2 of 2 layers with weights (100.0 % of the MACs)'
expect 0 info mixed.onnx
says out '1 of 2 layers with weights (60.0 % of the MACs); these are f32:'
says out 'Conv second'
expect 0 info mixed.onnx --json
cp out mixed.json
json mixed.json "[(l['name'], l['quantised']) for l in j['layers'] if l['weighted']] == [('first', True), ('second', False)]"
json mixed.json "{o['op']: o['quantised'] for o in j['ops']}['QLinearConv'] == 1"
expect 0 info net.onnx --json
cp out plain.json
json plain.json "not any(l['quantised'] for l in j['layers'])"

# Exact gates give the dense run's outputs in every bit, on any number of threads, and where bytes
# differ by less than a step; f32 layers behind integer ones only round.
for how in '--gate exact' '--gate deadzone:0.9/255' '--gate exact --all-gates --threads 2 --refresh 7'; do
    # shellcheck disable=SC2086
    expect 0 verify q8.onnx moving.mkv $how --json m.json
    json m.json "j['error']['max_abs'] == 0 and j['oracle']['worst'] == 0 and j['oracle']['frames'] == 40"
    expect 0 verify q8.onnx calm.mkv $how --json v.json
    json v.json "j['error']['max_abs'] == 0 and j['oracle']['worst'] == 0 and j['oracle']['frames'] == 40"
    json v.json "0 < j['reuse'] < 1"
done
expect 0 verify mixed.onnx moving.mkv --gate exact --max-rel-l2 1e-6 --json v.json
json v.json "j['oracle']['holds']"
# Wider gates let errors pass, which are more the wider they are; sums still belong to what was used.
for how in deadzone:2.01/255 deadzone:20/255 levels:32; do
    expect 0 verify q8.onnx moving.mkv --gate $how --all-gates --json v.json
    json v.json "0 < j['error']['rel_l2'] < 0.5 and j['oracle']['worst'] == 0"
    mv v.json "v-${how%%/*}.json"
done
json v-deadzone:2.01.json "j['error']['rel_l2'] < __import__('json').load(open('v-deadzone:20.json'))['error']['rel_l2']"
json v-deadzone:2.01.json "j['reuse'] < __import__('json').load(open('v-deadzone:20.json'))['reuse']"
# From one whole step on, nothing between two of them makes a difference.
for part in 1 1.01 1.99; do
    expect 0 run q8.onnx moving.mkv --gate deadzone:$part/255 --out step-$part
done
name='dead-zones are whole steps'
tests=$((tests + 1))
diff -r step-1 step-1.01 >out 2>&1 && diff -r step-1 step-1.99 >out 2>&1 || wrong 'they differ'

expect 0 run q8.onnx calm.mkv --json v.json
json v.json "0 < j['reuse'] < 1 and [l['op'] for l in j['layers'] if l['macs']] == ['QLinearConv'] * 2"
expect 0 bench q8.onnx moving.mkv --json v.json
json v.json "j['error']['max_abs'] == 0 and j['dense_ms']['p50'] > 0 and j['skipping']['every'] >= 1"

# Plans and audits. A plan belongs to one model, whichever process loads it.
expect 0 calibrate q8.onnx calm.mkv --budget 0.03 -o p8.json
json p8.json "j['seen']['error'] <= 0.03 and 0 < j['seen']['mac_share'] <= 1"
json p8.json "any(g['gate'] == 'deadzone' and (g['lo'], g['hi']) == (0, 255) for g in j['gates'])"
expect 0 run q8.onnx calm.mkv --plan p8.json
expect 0 verify q8.onnx calm.mkv --plan p8.json --max-rel-l2 0.05
expect 0 run q8.onnx calm.mkv --plan p8.json --audit 5 --json v.json
json v.json "j['audit']['audits'] >= 4 and j['audit']['budget'] == 0.03 and j['audit']['worst'] < 0.1"
expect 0 run q8.onnx moving.mkv --gate deadzone:0.3 --audit 3 --budget 0.001 --json v.json
json v.json "j['audit']['breaches'] > 0 and j['audit']['scale'] < 1"
expect 0 calibrate q8.onnx moving.mkv --budget 0 -o e8.json
json e8.json "all(g['gate'] == 'exact' for g in j['gates']) and j['seen']['error'] == 0"
refuses 3 'p8.json: the plan is for another model (q8.onnx)' run net.onnx moving.mkv --plan p8.json
refuses 3 'p8.json: the plan is for another model (q8.onnx)' run mixed.onnx moving.mkv --plan p8.json

rm -f t8.trace
refuses 4 "t8.trace: trace: layer 'first' is quantised, which traces cannot say yet" run q8.onnx moving.mkv --trace t8.trace
tests=$((tests + 1))
[ ! -e t8.trace ] && [ ! -e t8.trace.part ] || wrong 't8.trace was left behind'

# Models that are broken: refused, and the node named.
mkdir -p spoilt
/usr/bin/python3 "$here/spoil_model.py" q8.onnx spoilt || exit 1
for scale in nan inf zero negative; do
    for at in x:x_u8_QuantizeLinear r:r_u8_QuantizeLinear w1:w1_rounded_DequantizeLinear; do
        refuses 3 "node '${at#*:}'" run "spoilt/scale_${scale}_${at%%:*}.onnx" moving.mkv
        says err 'the scale (input 1) holds'
        says err 'not a finite number above 0'
    done
done
broken() { # broken CODE FILE NODE TEXT
    refuses "$1" "spoilt/$2.onnx: node '$3'" run "spoilt/$2.onnx" moving.mkv
    says err "$4"
    tests=$((tests + 1))
    grep -q -e --shape err && wrong 'a shape does not help'
    refuses "$1" "node '$3'" info "spoilt/$2.onnx"
}
broken 4 zero_type r_u8_QuantizeLinear 'input 2 has element type 6'
broken 4 zero_float r_u8_QuantizeLinear 'input 2 has element type 1'
broken 4 zero_size r_u8_QuantizeLinear 'the zero point (input 2) has 1 dimensions and 3 entries'
broken 3 zero_short w1_rounded_DequantizeLinear 'not one value or a vector of 16'
broken 3 zero_bias b1_rounded_DequantizeLinear 'of int32 data is 7, not 0'
broken 3 scale_short w1_rounded_DequantizeLinear 'not one value or a vector of 16'
broken 4 scale_matrix w1_rounded_DequantizeLinear 'has 2 dimensions and 16 entries'
broken 4 scale_double x_u8_QuantizeLinear 'input 1 has element type 11'
broken 3 axis_high w1_rounded_DequantizeLinear 'axis 4 is outside a rank of 4'
broken 3 axis_low w1_rounded_DequantizeLinear 'axis -5 is outside a rank of 4'
broken 3 axis_other w1_rounded_DequantizeLinear 'not one value or a vector of 3'
broken 3 product_scale store 'the scale (input 1) holds 0'
broken 3 product_w_zero product 'not one value or a vector of 4'
broken 3 product_w_type product 'the zero point (input 5) has element type 2, the data has 3'

# Results of i8 become u8; sums beyond 32 bits stay with the definition. Both are exact.
expect 0 info spoilt/signed.onnx
says out '1 of 1 layers with weights'
expect 0 info spoilt/wraps.onnx
says out 'QLinearConv product'
for model in signed wraps; do
    expect 0 verify spoilt/$model.onnx moving.mkv --gate exact --json v.json
    json v.json "j['error']['max_abs'] == 0"
done
