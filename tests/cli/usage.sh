# SPDX-License-Identifier: Apache-2.0
# Wrong usage: exit code 2 and a line that says what was expected.
refuses 2 'a command is missing'
refuses 2 'there is no command frobnicate' frobnicate
refuses 2 'there is no command frobnicate' help frobnicate
refuses 2 'report is not available in this version' report
refuses 2 'run needs MODEL and INPUT' run
refuses 2 'bench needs MODEL and INPUT' bench net.onnx
refuses 2 'info needs MODEL' info
refuses 2 'one name too many' run net.onnx a.mp4 b.mp4
refuses 2 'run has no option --fast' run net.onnx a.mp4 --fast
refuses 2 'info has no option --gate' info net.onnx --gate exact
refuses 2 'run has no option --min-f1' run net.onnx a.mp4 --min-f1 0.5
refuses 2 'bench has no option --trace' bench net.onnx a.mp4 --trace t
refuses 2 'verify has no option --fit' verify net.onnx a.mp4 --fit
refuses 2 '--fit takes no value' run net.onnx a.mp4 --fit=1
refuses 2 '--trace needs a value' run net.onnx a.mp4 --trace
refuses 2 '--trace needs a gate' run net.onnx a.mp4 --trace t --gate off
refuses 2 '--gate needs a value' run net.onnx a.mp4 --gate
refuses 2 '--json takes no value' info net.onnx --json=x
for gate in on levels levels:1 levels:70000 levels:3x deadzone:1 deadzone:-0.1 deadzone:nan \
    deadzone:2/0 deadzone: ''; do
    refuses 2 'should be off, exact, levels:C' run net.onnx a.mp4 --gate "$gate"
done
refuses 2 '--frames 0: should be' run net.onnx a.mp4 --frames 0
refuses 2 '--frames 99999999999999999999: should be' run net.onnx a.mp4 --frames 99999999999999999999
refuses 2 '--skip -1: should be' run net.onnx a.mp4 --skip -1
refuses 2 '--threads 65: should be' run net.onnx a.mp4 --threads 65
refuses 2 '--weights f16: should be auto, f32 or bf16' run net.onnx a.mp4 --weights f16
for noise in on -1 0 101 nan 1x ''; do
    refuses 2 'should be off, auto or a number of sigmas' run net.onnx a.mp4 --noise "$noise"
done
for rect in 1 1,2,3 1,2,3,4,5 1,2,0,4 1,2,3,0 -1,2,3,4 1,2,x,4 99999999999,1,1,1 1,,2,3 ''; do
    refuses 2 'should be X,Y,W,H' run net.onnx a.mp4 --ignore "$rect"
done
ignores=$(for i in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17; do echo "--ignore $i,1,2,3"; done)
# shellcheck disable=SC2086
refuses 2 '--ignore 17,1,2,3: should be X,Y,W,H in pixels of the input, at most 16 times' \
    run net.onnx a.mp4 $ignores
refuses 2 'calibrate has no option --ignore' calibrate net.onnx a.mp4 --ignore 1,1,1,1
refuses 2 '--refresh x: should be' run net.onnx a.mp4 --refresh x
refuses 2 '--decode yolo: should be nanodet, ssd or none' run net.onnx a.mp4 --decode yolo
refuses 2 '--range 1..0: should be' run net.onnx a.mp4 --range 1..0
refuses 2 '--mean 1,2: should be' run net.onnx a.mp4 --mean 1,2
refuses 2 '--scale 0: should be' run net.onnx a.mp4 --scale 0
refuses 2 '--range cannot stand together' run net.onnx a.mp4 --range 0..1 --mean 3
for shape in x= =1,2 x=1,0,3 x=1,3,a x=1,2,3,4,5,6,7,8,9; do
    refuses 2 "--shape $shape: should be" run net.onnx a.mp4 --shape "$shape"
done
for value in sr sr= =1 sr=x sr=1x sr=inf; do
    refuses 2 "--set $value: should be INPUT=16000" run net.onnx a.mp4 --set "$value"
done
for pair in state = state= =out; do
    refuses 2 "--carry $pair: should be INPUT=OUTPUT" run net.onnx a.mp4 --carry "$pair"
done
refuses 2 'calibrate needs' calibrate --set sr=1
for command in 'info net.onnx' 'run net.onnx a.npy' 'bench net.onnx a.mp4' 'verify net.onnx a.wav'; do
    # shellcheck disable=SC2086
    {
        refuses 2 '--axis needs --hop K: how many columns are new in a call' $command --axis 1
        refuses 2 '--window needs --axis A: the axis of the input along which the window moves' \
            $command --window 9
        refuses 2 '--window needs --axis A' $command --window 9 --hop 3
        refuses 2 '--axis needs --hop K' $command --window 9 --axis 1
        refuses 2 '--hop 9 should be below --window 9' $command --window 9 --hop 9 --axis 1
        refuses 2 '--hop 10 should be below --window 9' $command --window=9 --hop=10 --axis=-1
    }
done
refuses 2 '--hop needs --axis A' info net.onnx --hop 3
for value in x 1x -1 '' 99999999999; do
    refuses 2 "--window $value: should be a number of columns" info net.onnx --window "$value"
done
for value in x -1 0 1.5 ''; do
    refuses 2 "--hop $value: should be a number of columns" info net.onnx --axis 1 --hop "$value"
done
for value in x -9 8 1.5 ''; do
    refuses 2 "--axis $value: should be a number of an axis, from -8" info net.onnx --axis "$value"
done
for option in '--context 3' '--audit 9' '--overlay o.mp4' '--noise auto' '--ignore 1,1,1,1'; do
    # shellcheck disable=SC2086
    refuses 2 "${option%% *} cannot stand together with --axis" \
        run net.onnx a.mp4 --hop 1 --axis 1 $option
done
refuses 2 'quantize has no option --axis' quantize net.onnx a.npy --axis 1
refuses 2 'sim has no option --window' sim --window 9
refuses 2 '--min-f1 needs --decode' verify net.onnx a.mp4 --min-f1 0.9
