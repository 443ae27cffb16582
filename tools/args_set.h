/* SPDX-License-Identifier: Apache-2.0 */
/**
 * Setters for args.c's table: each takes a cli_options and the option's value, and returns 0 if the
 * value is wrong. The table says what it should have been.
 */
#ifndef TOOLS_ARGS_SET_H
#define TOOLS_ARGS_SET_H

/* args_gate.c */
int set_gate(void *target, const char *v);
int set_refresh(void *target, const char *v);
int set_settle(void *target, const char *v);
int set_all_gates(void *target, const char *v);
int set_fit(void *target, const char *v);
int set_weights(void *target, const char *v);
int set_plan(void *target, const char *v);
int set_audit(void *target, const char *v);
int set_threads(void *target, const char *v);

/* args_model.c */
int set_shape(void *target, const char *v);
int set_fixed(void *target, const char *v);
int set_carry(void *target, const char *v);
int set_window(void *target, const char *v);
int set_hop(void *target, const char *v);
int set_axis(void *target, const char *v);

/* args_picture.c */
int set_decode(void *target, const char *v);
int set_mean(void *target, const char *v);
int set_scale(void *target, const char *v);
int set_range(void *target, const char *v);
int set_noise(void *target, const char *v);
int set_ignore(void *target, const char *v);

/* args_run.c */
int set_frames(void *target, const char *v);
int set_skip(void *target, const char *v);
int set_out(void *target, const char *v);
int set_overlay(void *target, const char *v);
int set_trace(void *target, const char *v);
int set_json(void *target, const char *v);
int set_oracle_every(void *target, const char *v);
int set_max_rel_l2(void *target, const char *v);
int set_min_f1(void *target, const char *v);

/* args_search.c */
int set_output(void *target, const char *v);
int set_budget(void *target, const char *v);
int set_metric(void *target, const char *v);
int set_objective(void *target, const char *v);
int set_preset(void *target, const char *v);
int set_clusters(void *target, const char *v);
int set_leave_out(void *target, const char *v);
int set_pareto(void *target, const char *v);
int set_ranges(void *target, const char *v);
int set_keep(void *target, const char *v);
int set_error(void *target, const char *v);
int set_no_equalise(void *target, const char *v);
int set_no_bias_correction(void *target, const char *v);

/* args_sound.c */
int set_rate(void *target, const char *v);
int set_context(void *target, const char *v);
int set_gain(void *target, const char *v);
int set_features(void *target, const char *v);

#endif
