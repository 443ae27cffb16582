# SPDX-License-Identifier: Apache-2.0
# Quantisation: the file that is written, what is said of it, and what is refused.

checked() { # checked FILE: a model that ONNX's checker takes, with integer weights
    tests=$((tests + 1))
    /usr/bin/python3 -c 'import onnx, sys; m = onnx.load(sys.argv[1]); onnx.checker.check_model(m, True)
ops = [n.op_type for n in m.graph.node]
assert "QuantizeLinear" in ops and any(i.data_type == onnx.TensorProto.INT8 for i in m.graph.initializer)
assert [o.name for o in m.graph.output] == ["y/out:0"]' "$1" 2>err || wrong "$1 is no quantised model"
}

expect 0 quantize net.onnx good.avi -o q.onnx
says out 'q.onnx: '
says out '2 in 8 bits (100.0 % of the MACs), 0 in f32'
says out 'held back'
says out 'most sensitive'
silent err
checked q.onnx
[ ! -e q.onnx.part ] || wrong 'q.onnx.part is still there'
expect 0 run q.onnx good.avi
expect 0 info q.onnx
expect 0 quantize net.onnx good.avi -o again.onnx --threads 2
name='the same sample gives the same model'
tests=$((tests + 1))
cmp -s q.onnx again.onnx || wrong 'they differ'

expect 0 quantize net.onnx good.avi -o q.onnx --json q.json --ranges mse
json q.json "j['output'] == 'q.onnx' and j['ranges'] == 'mse' and len(j['layers']) == 2"
json q.json "0 < j['seen']['rel_l2'] < 0.05 and 0 < j['held_back']['rel_l2'] < 0.05"
json q.json "j['held_back']['f1'] is None and all(l['quantised'] for l in j['layers'])"
expect 0 quantize net.onnx good.avi -o q.onnx --json - --ranges percentile:99.9 --no-equalise --no-bias-correction
json out "j['ranges'] == 'percentile' and j['equalised'] == 0 and not j['bias_corrected']"
expect 0 quantize net.onnx good.avi -o q.onnx --keep 1 --ranges minmax
says out '1 in 8 bits'
says out '(stays f32)'
checked q.onnx
expect 0 quantize net.onnx good.avi -o q.onnx --error 0.5
says out '2 in 8 bits'
refuses 3 'error: 1e-07 cannot be reached' quantize net.onnx good.avi -o q.onnx --error 1e-7
expect 0 quantize open.onnx good.avi -o o.onnx --shape 1,3,24,40
checked o.onnx

# What was there stays when something is wrong.
cp q.onnx before.onnx
refuses 3 'sample: 1 frames, not 2 or more' quantize net.onnx good.avi -o q.onnx --frames 1
name='a file that was there is left as it was'
tests=$((tests + 1))
cmp -s q.onnx before.onnx || wrong 'it changed'
[ ! -e q.onnx.part ] || wrong 'q.onnx.part is still there'

refuses 2 'quantize needs -o FILE' quantize net.onnx good.avi
refuses 2 'quantize needs MODEL and INPUT' quantize net.onnx
refuses 2 '-o net.onnx: is the model itself' quantize net.onnx good.avi -o net.onnx
refuses 3 '/nonexistent/q.onnx: cannot be written' quantize net.onnx good.avi -o /nonexistent/q.onnx
mkdir -p folder.onnx
refuses 3 'folder.onnx: is not a regular file' quantize net.onnx good.avi -o folder.onnx
for ranges in max percentile:50 percentile:101 percentile:x percentilex ''; do
    refuses 2 'should be auto, mse, minmax or percentile:P' quantize net.onnx good.avi -o n.onnx --ranges "$ranges"
done
for keep in -1 x 1.5 ''; do
    refuses 2 'should be auto or a number of layers' quantize net.onnx good.avi -o n.onnx --keep "$keep"
done
for error in 0 1 -1 nan x; do
    refuses 2 'should be a number between 0 and 1' quantize net.onnx good.avi -o n.onnx --error "$error"
done
refuses 2 '--keep cannot stand together with --error' quantize net.onnx good.avi -o n.onnx --keep 1 --error 0.1
refuses 2 'quantize has no option --budget' quantize net.onnx good.avi -o n.onnx --budget 1
refuses 3 'keep: 2, but the model has 2 layers' quantize net.onnx good.avi -o n.onnx --keep 2
refuses 3 'all of them skipped' quantize net.onnx good.avi -o n.onnx --skip 99
refuses 3 'missing.avi: cannot be opened' quantize net.onnx missing.avi -o n.onnx
refuses 3 'missing.onnx' quantize missing.onnx good.avi -o n.onnx
name='nothing is left of what failed'
tests=$((tests + 1))
[ ! -e n.onnx ] && [ ! -e n.onnx.part ] || wrong 'n.onnx is there'
