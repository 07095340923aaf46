"""Writes docs/classic-samples.md: what went wrong in the classic samples, and does not here.

`python tests/docs/classic_samples.py` writes the file. Every row names the tests that fail if what
it says comes back; test_classic_samples.py holds that they exist and that the page is up to date.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "classic-samples.md"


@dataclass(frozen=True)
class Row:
    """A defect, what happens here, and the tests: file::function, or file::function[case]."""

    defect: str
    here: str
    tests: tuple[str, ...]


@dataclass(frozen=True)
class Chapter:
    """A part of the page."""

    title: str
    before: str
    rows: tuple[Row, ...]
    columns: tuple[str, str] = ("then", "here")


def row(defect: str, here: str, *tests: str) -> Row:
    return Row(defect, here, tuple(f"tests/{test}" for test in tests))


NOTEBOOKS = "notebooks/test_running_notebooks.py::"
RETRAINING = f"{NOTEBOOKS}test_retraining_judges_validation_by_name_and_moves_one_endpoint_twice"
GATED = f"{NOTEBOOKS}test_a_training_pipeline_serves_what_passes_its_gate_and_moves_one_endpoint"
ABALONE = f"{NOTEBOOKS}test_abalone_is_answered_in_every_spelling_and_misspelt_settings_are_refused"
RETAIL = f"{NOTEBOOKS}test_online_retail_asks_for_a_small_error_of_lines_held_out"
PROCESSING = f"{NOTEBOOKS}test_processing_evaluates_the_model_that_the_same_execution_has_trained"
HELLO = f"{NOTEBOOKS}test_hello_world_takes_both_paths_and_its_default"
MAIN = "end_to_end/test_main_job.py::"
MACHINES = "workflow/test_our_machines.py::"
REFUSED = "workflow/test_refusals.py::test_bad_input_is_refused_with_state_and_field"
DOUBTED = "workflow/test_checks.py::test_what_aws_accepts_and_will_fail_is_a_warning"
BY_NAME = "workflow/test_template_gate.py::test_a_model_passes_by_the_named_metric_alone"
FINISHED = "unit/steps/test_finish_run.py::"
WISHES = "workflow/test_wishes.py::"
WHEEL = "package/test_base.py::test_every_module_of_cli_and_workflow_is_imported_without_the_extra"
LIGHT = "workflow/test_steps.py::test_importing_the_package_loads_neither_boto3_nor_anything_heavy"
PER_RUN = f"{WISHES}test_image_places_machines_and_settings_may_be_given_with_each_execution"

CHURN = (
    row(
        "The gate took the first metric of a list, and judged the training rows",
        "A gate names its metric; a Choice that counts on a place in the list is warned of",
        BY_NAME,
        RETRAINING,
        f"{DOUBTED}[a metric by its place]",
        "workflow/test_classic_snippets.py::test_churn_retraining",
    ),
    row(
        "When the function could not read the metric, its own error hid why",
        "The reason of whatever failed first reaches the end of the execution and the notice",
        RETRAINING,
        f"{MACHINES}test_a_failure_settles_the_data_and_is_recorded",
        f"{FINISHED}test_a_failed_run_is_reported_with_the_step_and_the_cause_inside_the_json",
    ),
    row(
        "CreateEndpoint on every run: the second retraining failed",
        "The first run creates the endpoint, every later one moves it",
        RETRAINING,
        "end_to_end/test_three_retrainings.py::"
        "test_the_second_and_the_third_retraining_move_the_same_endpoint",
        "workflow/test_deploy_endpoint.py::"
        "test_an_endpoint_of_that_very_name_is_updated_and_otherwise_made",
    ),
    row(
        "The model was created before it was judged, so refused ones stayed",
        "Only what passed is created and registered; what a run made and nobody needs is removed",
        BY_NAME,
        GATED,
        f"{MACHINES}test_only_a_verdict_to_promote_registers_and_promotes",
        f"{FINISHED}test_the_model_of_a_run_stays_only_while_something_names_it",
    ),
    row(
        "The split had no seed",
        "A row's own bytes, key, group or time decide its side, in this run and in every later one",
        "unit/rules/test_rows.py::test_a_row_keeps_its_id_and_its_side_permanently",
        f"{MAIN}test_two_pipelines_at_once_make_the_same_split_metric_and_model_of_the_same_rows",
        RETRAINING,
    ),
    row(
        "All runs wrote to one prefix, two at a time",
        "Every run has its own folder, and a pipeline one run at a time",
        "unit/test_ledger_conditions.py::test_a_lease_that_is_held_cannot_be_taken",
        "unit/rules/test_names.py::test_equal_names_are_of_the_same_stack_pipeline_and_purpose",
        RETRAINING,
    ),
    row(
        "A person started it, with five names that had to be new each time",
        "A file that lands starts it, or a schedule, or a marker; the workflow makes the names",
        f"{MAIN}test_a_copied_file_becomes_an_execution_that_succeeds",
        "end_to_end/test_triggers.py::test_a_schedule_starts_what_was_collected_until_then",
        f"{MACHINES}test_every_attempt_of_a_job_has_a_name_of_its_own",
    ),
    row(
        "Clean-up left model, config and endpoint behind",
        "A run removes what nothing names any more; `ratchet delete` ends what is served",
        f"{FINISHED}test_a_model_goes_when_the_endpoint_serves_another",
        "unit/steps/test_delete_pipeline.py::test_what_served_goes_and_no_run_begins",
    ),
    row(
        "Nothing was retried and nothing caught",
        "Every cause has its retries, and every error leads to one named end",
        "workflow/test_error_handling.py::test_every_task_of_a_machine_itself_is_caught",
        f"{MACHINES}test_a_transient_error_of_a_function_is_tried_again",
    ),
    row(
        "The end of a refused run had neither error nor cause",
        "It says which metric was asked for, and what the job reported",
        BY_NAME,
        GATED,
    ),
)
HELLO_WORLD = (
    row(
        "The Choice had no default: any other input failed with States.NoChoiceMatched",
        "A default branch, and a warning where one is missing",
        HELLO,
        "workflow/test_refusals.py::test_what_is_only_doubtful_is_a_warning",
    ),
)
PYTORCH = (
    row(
        "The script saved a traced model, and loaded weights",
        "One file saves and loads; an endpoint must answer known rows as the batch did, or it "
        "does not serve",
        "unit/test_handwritten_digits.py::test_the_script_learns_to_read",
        "unit/steps/test_verify_endpoint.py::test_golden_rows_prove_which_model_answers",
        "local_aws/test_sagemaker_frameworks.py::"
        "test_torch_serves_a_torchscript_model_without_any_program",
        "cli/test_training_script.py::test_a_script_that_cannot_serve_is_refused",
    ),
    row(
        "The accuracy was logged and decided nothing",
        "A metric of the log becomes one of the job, and the gate reads it",
        GATED,
        "local_aws/test_sagemaker_script_mode.py::"
        "test_a_script_trains_and_its_metrics_are_read_from_its_log",
    ),
    row(
        "An endpoint for every execution",
        "`TrainingPipeline` keeps one and moves it",
        GATED,
        "local_aws/test_training_pipeline.py::"
        "test_the_second_execution_of_a_training_pipeline_updates_the_endpoint",
    ),
)
SKLEARN = (
    row(
        "The path of the model was written into the workflow: later runs judged the first model",
        "Every path comes from the execution, and the evaluation gets the model of the same one",
        PROCESSING,
        PER_RUN,
    ),
    row(
        "The scripts need scikit-learn 0.20",
        "They run with today's; the log says what stands in for the image",
        PROCESSING,
        "local_aws/test_sagemaker_script_mode.py::test_the_log_says_what_stands_in_for_the_image",
    ),
    row(
        "The evaluation had no consequence",
        "The execution fails where the area under the curve is too small",
        PROCESSING,
    ),
)
ANIMALS = (
    row(
        "The rows to be answered had their labels with them",
        "They are sent without; the service scores features alone",
        ABALONE,
        f"{MACHINES}test_a_model_that_is_scored_sees_the_features_alone",
        "local_aws/test_sagemaker_transform.py::"
        "test_labelled_lines_of_libsvm_are_scored_like_the_same_rows_of_csv",
    ),
    row(
        'A misspelt hyperparameter ("gamme") changed nothing, and nobody knew',
        "A warning while the workflow is written, refused at push and by the job, with the nearest",
        ABALONE,
        "workflow/test_classic_snippets.py::"
        "test_abalone_with_its_sdk_1_names_and_its_misspelt_hyperparameter",
        "unit/algorithms/test_xgboost.py::test_what_is_wrong_is_one_sentence_with_the_way_out",
        "local_aws/test_sagemaker_training.py::"
        "test_an_unknown_hyperparameter_fails_the_job_and_names_the_nearest",
    ),
    row(
        "Names of SDK 1 (`get_image_uri`, `s3_input`, `train_instance_type`) and addresses such "
        "as `https://s3-...`",
        "They are understood",
        "workflow/test_classic_snippets.py::"
        "test_abalone_with_its_sdk_1_names_and_its_misspelt_hyperparameter",
        "local_aws/test_sagemaker_script_mode.py::test_a_place_in_s3_may_be_written_as_an_address",
        ABALONE,
    ),
    row(
        "No gate, no retry, no catch; a split without a seed",
        "A bound on the error of the validation rows, retries, one named end, a seed",
        ABALONE,
    ),
)
ORDERS = (
    row(
        "The gate read the training error",
        "It reads the validation error, by name",
        RETAIL,
        BY_NAME,
    ),
    row(
        "It compared texts: 9.9 was above 50, and 100 below",
        "Numbers are compared; an order of texts with a number in it is warned of",
        RETAIL,
        f"{DOUBTED}[a number in an order of texts]",
        f"{REFUSED}[18 a rule with a wrong value]",
    ),
    row(
        "The worse model passed: the error had to be at least the bound",
        "Every metric knows its direction, and `Gate` says `at_most` or `at_least`",
        RETAIL,
        BY_NAME,
        "unit/rules/test_gate.py::test_for_a_loss_the_minimum_is_the_greatest_value_allowed",
        "unit/rules/test_metrics.py::"
        "test_a_positive_difference_is_an_improvement_whatever_the_direction",
    ),
    row(
        "A refused model ended as SUCCEEDED",
        "A workflow fails with ModelRejected; a run of the service is MODEL_REJECTED, told and "
        "recorded",
        RETAIL,
        f"{MACHINES}test_a_rejected_model_leaves_suspect_data_and_no_package",
    ),
    row(
        "The number of a customer was a quantity to the model",
        "A customer keeps rows together, or clusters them, and is not a feature",
        "unit/test_retail_orders.py::test_a_customer_and_a_moment_are_no_features_of_an_order",
    ),
    row(
        "A batch inference and no endpoint",
        "The pipeline's endpoint takes the next month's orders as they are",
        "end_to_end/test_online_retail.py::"
        "test_the_endpoint_takes_the_next_month_s_orders_as_they_are",
    ),
    row(
        "Preparation in memory, with pandas packed by hand and the bucket in the code",
        "541,909 lines in a function of 256 MB; `Session().default_bucket()`",
        RETAIL,
        "workflow/test_session.py::test_a_script_finds_bucket_and_role_and_uploads_on_local_aws",
    ),
)
CALLS = (
    row(
        "An accuracy of 90 % was asked for where always answering no earns 89 %",
        "Every verdict tells the lift over a model without skill; `ratchet new` starts with that "
        "model's figure as the minimum",
        "unit/rules/test_metrics.py::test_a_model_without_skill_has_its_textbook_value_and_no_lift",
        "cli/test_new.py::test_the_minimum_is_what_a_model_without_skill_earns",
    ),
    row(
        "The length of the call, known when the answer is, was a feature",
        "Our recipe drops it; the first drop names a column that tells the label",
        "unit/test_bank_marketing.py::"
        "test_the_duration_of_a_call_is_named_at_the_first_drop_unless_the_recipe_drops_it",
        "cli/test_new_shapes.py::test_the_length_of_a_call_is_named_as_what_nobody_knows_before_it",
    ),
    row(
        "A recipe of eight operations, which left only one column of the file as it was",
        "The same recipe runs as it is, and 48 more operations",
        "unit/test_recipe_steps.py::test_the_classic_recipe_on_the_real_file_leaves_41185_rows",
        "docs/test_recipes_page.py::test_the_page_of_recipes_is_up_to_date",
    ),
    row(
        "A separator other than the comma, a header: settings of one job",
        "A dialect of the contract; every file is read by it, or refused with the reason",
        "unit/rules/data_check/test_dialect.py::"
        "test_whatever_the_dialect_the_accepted_copy_is_the_same_to_the_row_id",
    ),
    row(
        "`states:*` and `glue:*` on everything, and the right to change the account's passwords",
        "No policy allows every action, and nothing is granted that no function uses",
        "unit/test_template.py::test_no_policy_allows_every_action_and_only_a_few_any_resource",
        "end_to_end/test_permissions.py::test_nothing_is_granted_that_no_function_uses",
    ),
    row(
        "The function's name did not match the pattern in the role",
        "Roles are exported from the calls, and `ratchet lint` weighs a template's role by them",
        "workflow/test_export.py::test_a_grant_is_as_narrow_as_the_definition_says",
        "workflow/test_lint.py::"
        "test_a_template_is_checked_with_its_definitions_substitutions_and_role",
        "unit/test_template.py::test_a_machine_may_invoke_the_functions_of_its_states_and_no_other",
    ),
)
NEVER_THERE = (
    row(
        "A trigger, one run at a time, a queue",
        "Drops, schedules and markers; a lease; one follow-up run",
        f"{MAIN}test_a_duplicate_arrival_and_a_wake_too_many_start_no_run",
        "unit/steps/test_settle_data.py::"
        "test_what_arrived_during_the_run_gets_exactly_one_follow_up",
    ),
    row(
        "A comparison with the model that serves, with the reason on record",
        "Champion and challenger on the same rows, with bounds, in a verdict",
        "unit/rules/test_gate.py::"
        "test_a_better_challenger_is_promoted_and_the_verdict_gives_both_numbers_and_the_bounds",
    ),
    row(
        "A check of the data before training",
        "Types, ranges, categories, drift; what does not fit goes to quarantine with a report",
        "unit/rules/data_check/test_check.py::test_a_bad_cell_is_named_by_column_row_and_value",
        "end_to_end/test_bad_input.py::"
        "test_each_bad_object_has_a_report_that_says_what_and_the_next_step",
    ),
    row(
        "Rollback",
        "`ratchet rollback`, through the same promotion as any other model",
        "unit/steps/test_record_champion.py::"
        "test_a_rollback_makes_the_former_model_champion_and_rejects_the_later",
    ),
    row(
        "Alarms, a dashboard, logs",
        "In the template, and for a workflow with `logging_configuration` and `tracing`",
        "unit/test_template.py::test_the_metrics_that_alarms_watch_are_emitted",
        "unit/test_template.py::test_the_dashboard_shows_every_alarm",
        "workflow/test_workflow_on_local_aws.py::"
        "test_logging_and_tracing_are_set_changed_and_changed_back",
    ),
    row(
        "Roles, functions and triggers as code",
        "One SAM template for the service; `get_sam_template()` for a workflow",
        "local_aws/test_deploy.py::"
        "test_the_services_own_template_deploys_and_deploying_it_again_changes_nothing",
        "workflow/test_export.py::test_the_role_has_what_the_states_call_and_no_more",
    ),
    row(
        "A run on a laptop, with real handlers, training and endpoint",
        "Local AWS, without an account and without Docker",
        f"{MAIN}test_predictions_of_the_awscli_are_the_batch_scores",
        RETRAINING,
    ),
    row(
        "Tests of functions and of paths, with faults planted",
        "`ratchet.workflow.testing` for yours; for ours, every call fails in every way",
        "workflow/test_testing.py::test_a_whole_machine_tells_path_waits_calls_and_time",
        "model_check/test_model_check.py::"
        "test_whatever_goes_wrong_nothing_is_lost_and_no_other_model_serves",
    ),
    row(
        "What a run costs, and limits on it",
        "Costs in each report, a search's price at push, a longest time for every job",
        "cli/test_report.py::test_costs_are_list_prices_by_time_and_a_minute_of_glue_at_least",
        "cli/test_push_check.py::test_a_check_says_what_a_search_may_cost",
        "unit/test_limits.py::test_a_run_may_take_as_long_as_its_states_together",
    ),
    row(
        "The same data, the same model",
        "Object versions are claimed in a manifest; training has a seed, and gives the same bytes",
        "unit/steps/test_check_data.py::test_an_overwritten_object_is_read_as_it_was_claimed",
        "local_aws/test_sagemaker_training.py::test_the_same_data_trains_to_the_same_bytes",
    ),
    row(
        "An existing definition, edited and written back",
        "`Definition.read(path)`: what is not edited stays the same, byte for byte",
        "workflow/test_definition.py::test_a_file_that_was_only_read_is_written_back_byte_for_byte",
        "workflow/test_definition.py::test_an_edit_touches_its_own_line_and_no_other",
    ),
    row(
        "Loops of Wait and Choice that poll a job",
        "`.sync` for every job that has one, and one loop for endpoints, which have none",
        "workflow/test_integrations.py::test_every_job_can_be_followed_as_aws_documents_it",
        "workflow/test_deploy_endpoint.py::"
        "test_an_endpoint_that_does_not_serve_the_config_ends_the_execution_as_failed",
    ),
)


def refused(case: str, defect: str, here: str) -> Row:
    return row(defect, here, f"{REFUSED}[{case}]")


BAD_INPUT = (
    refused(
        "1 two states of one name in a chain", "1. Two states of one name in a chain", "the state"
    ),
    refused("2 one state twice in a chain", "2. The same state twice in a chain", "the state"),
    refused(
        "3 one name in two ways of a choice", "3. One name in two branches of a Choice", "the state"
    ),
    refused(
        "4 one name in two branches",
        "4. One name in two branches of a Parallel (was accepted)",
        "both states",
    ),
    refused(
        "5 a choice without rules", "5. A Choice without rules (was accepted)", "state, `Choices`"
    ),
    refused(
        "6 a task without a resource",
        "6. A Task without a Resource (was accepted)",
        "state, `Resource`",
    ),
    refused(
        "7 a resource that is none",
        "7. `banana` as a Resource (was accepted)",
        "state, field, value",
    ),
    refused("8 an unknown field", "8. An unknown field", "state, field, the nearest name"),
    refused(
        "9 parameters that are not an object",
        "9. Parameters that are text (was accepted)",
        "state, field, value",
    ),
    refused("10 a wait without a time", "10. A Wait without a time", "state, the four fields"),
    refused("11 a wait with two times", "11. A Wait with two times", "state, both fields"),
    refused(
        "12 seconds that are not a number",
        "12. Seconds that are text (was accepted)",
        "state, field, value",
    ),
    refused(
        "13 seconds below nothing", "13. Seconds below zero (was accepted)", "state, field, value"
    ),
    refused(
        "14 a retrier of wrong kinds",
        "14. A Retry with a text, a word for a number and a rate below one (was accepted)",
        "all three fields with their values",
    ),
    refused(
        "15 a retrier without errors",
        "15. A Retry without `error_equals` (was accepted)",
        "state, field",
    ),
    refused(
        "16 a result path that is not a path",
        "16. A result path that is not one (was accepted)",
        "state, field, value",
    ),
    refused("17 a rule without a variable", "17. A rule about `x`, not `$.x`", "rule, value"),
    refused(
        "18 a rule with a wrong value",
        "18. A rule with a value of another type",
        "rule, variable, value",
    ),
    refused(
        "19 a heartbeat longer than the timeout",
        "19. A heartbeat longer than the timeout (was accepted)",
        "state, field",
    ),
    refused(
        "20 a name of 200 characters",
        "20. A name of 200 characters (was accepted)",
        "its length, and 80",
    ),
    refused(
        "21 Lambda without a function",
        "21. Lambda without FunctionName (was accepted)",
        "state, argument",
    ),
    refused("22 a misspelt parameter", "22. `JobNam` (was accepted)", "state, argument, `JobName`"),
    row(
        "23. A name with spaces, an empty role (were accepted)",
        "before anything is created",
        f"{REFUSED}[23 a name with spaces]",
        f"{REFUSED}[23 an empty role]",
    ),
    row(
        "24. A loop without an end (was accepted)",
        "refused, as AWS refuses it",
        "workflow/test_refusals.py::test_24_a_loop_without_an_end_is_refused",
    ),
    refused("25 an empty chain", "25. An empty chain", "so it says"),
    refused("26 nothing in a chain", "26. None in a chain", "which step it is"),
    refused("27 a map without a flow", "27. A Map without a flow", "state, `item_processor`"),
    refused("28 a retry where none can be", "28. A Retry on Succeed", "state"),
    refused("29 a state after Fail", "29. A state after Fail", "both names, not their JSON"),
    refused("30 an unknown key", "30. A key that the schema lacks", "key, the nearest"),
    refused("31 started before it is made", "31. Executed before it is created", "workflow"),
    row(
        "`result_selector`, which is valid (was refused)",
        "taken",
        "workflow/test_refusals.py::test_valid_fields_that_the_old_package_refused_are_taken",
    ),
    row(
        "An input of the wrong type",
        "key, both types; no execution starts",
        "workflow/test_refusals.py::"
        "test_every_key_that_does_not_fit_is_named_before_anything_starts",
    ),
    row(
        "An import without states, or with a start that is none of them (was accepted)",
        "field, value",
        f"{REFUSED}[an import without states]",
        f"{REFUSED}[an import that starts nowhere]",
    ),
    refused("an import of broken JSON", "An import of broken JSON", "line and column"),
)
WISHED = (
    row(
        "Graphs in JupyterLab, in documents, offline (#29, #54, #127, #189)",
        "SVG, HTML, Mermaid or text: no script, nothing to load, everything escaped",
        "workflow/test_pictures.py::test_html_runs_nothing_and_needs_nothing",
        "workflow/test_pictures.py::test_the_command_draws_by_the_ending_of_the_file",
        "workflow/test_draw.py::test_the_picture_needs_nothing_from_outside_and_runs_nothing",
        "workflow/test_operating.py::test_lists_are_tables_without_a_way_in_for_scripts",
    ),
    row(
        "Distributed Map (#199)",
        "All its parts, also on local AWS",
        "workflow/test_steps.py::test_a_distributed_map_has_all_its_parts",
        "workflow/test_distributed_maps.py::test_items_are_read_from_files_of_each_kind",
    ),
    row(
        "ResultSelector (#95, #185, #102)",
        "`result_selector`, and JSONata's `output` and `assign`",
        "workflow/test_refusals.py::test_valid_fields_that_the_old_package_refused_are_taken",
        "workflow/test_jsonpath_states.py::"
        "test_a_task_takes_parameters_and_puts_its_result_at_result_path",
    ),
    row(
        "Image, S3 places and settings per execution (#39, #71, #85, #97, #142, #155, #157, #159, "
        "#173 to #175)",
        "A placeholder may stand for any of them",
        PER_RUN,
    ),
    row(
        "Retry on jobs, whose names were used up (#140)",
        "`fresh_name` is new at each attempt",
        "workflow/test_steps.py::test_a_fresh_name_is_new_at_every_attempt",
    ),
    row(
        "The step's job name, not the estimator's (#78)",
        "It is the step's, and its model has it too",
        f"{WISHES}test_job_and_model_have_the_names_of_their_steps_and_the_artifact_of_the_answer",
    ),
    row(
        "TrainingPipeline looked for model.tar.gz at a wrong place (#61)",
        "The place comes from the job's answer",
        f"{WISHES}test_job_and_model_have_the_names_of_their_steps_and_the_artifact_of_the_answer",
        GATED,
    ),
    row(
        "The model registry (#67)",
        "`ModelPackageStep`, and `ModelStep` takes a package",
        f"{WISHES}test_a_model_is_registered_and_a_registered_one_is_created",
    ),
    row(
        "Logging of a state machine (#70, #126)",
        "`logging_configuration`, on create and update",
        "workflow/test_workflow_on_local_aws.py::"
        "test_logging_and_tracing_are_set_changed_and_changed_back",
    ),
    row(
        "To wait for the endpoint (#75)",
        "`deploy_endpoint`",
        "workflow/test_deploy_endpoint.py::"
        "test_an_endpoint_of_that_very_name_is_updated_and_otherwise_made",
    ),
    row(
        "`debugger_hook_config=False` crashed (#81)",
        "Accepted; a hook goes into the request",
        "workflow/test_session.py::test_a_job_without_hooks_may_say_so",
        "workflow/test_session.py::test_hooks_go_into_the_request",
    ),
    row(
        "Variables got lost between estimator and model (#82, #160)",
        "Both have them",
        f"{WISHES}test_the_environment_of_an_estimator_reaches_its_job_and_its_model",
    ),
    row(
        "A Choice in a chain (#31, #132)",
        "The chain continues with its default",
        f"{WISHES}test_a_chain_continues_with_the_default_of_its_choice",
    ),
    row(
        "Processing jobs (#20, #68)",
        "`ProcessingStep`, which local AWS runs",
        "local_aws/test_sagemaker_processing.py::"
        "test_step_functions_waits_for_a_job_and_its_end_is_an_event",
    ),
    row(
        "DataBrew and EventBridge (#112, #141, #151, #176)",
        "Steps for them, and `AwsSdkStep` for whatever else AWS has",
        "workflow/test_steps.py::test_a_service_step_calls_what_its_name_says",
        "workflow/test_steps.py::test_any_aws_call_is_a_step_whatever_way_it_is_spelt",
    ),
    row(
        "Every new SageMaker SDK broke it, and it pulled all of it in (#69, #73, #76, #108, #150)",
        "No SDK is needed; SDK 2's objects are taken, and those of SDK 3",
        WHEEL,
        LIGHT,
        "workflow/test_model_trainer.py::test_a_trainer_becomes_a_step_under_a_fresh_name",
    ),
    row(
        "The hosted documentation vanished (#62), is it maintained (#196)",
        "The documentation is in the repository, and held to the code",
        "docs/test_migration.py::test_the_page_is_what_the_code_makes",
        "docs/test_pages.py::test_every_path_of_a_page_exists",
    ),
    row(
        "Seconds to import and to build; a recursion error at 1,000 states",
        "Milliseconds; linear up to 10,000 states and beyond",
        LIGHT,
        "workflow/test_steps.py::"
        "test_a_chain_of_ten_thousand_states_costs_ten_times_one_of_a_thousand",
        "workflow/test_refusals.py::"
        "test_a_deep_or_large_definition_does_not_exceed_the_recursion_limit",
    ),
    row(
        "Workflows tested with mocks, and before they are deployed",
        "`run_machine` on a turned clock; a mock must be an answer that the API can give",
        "workflow/test_testing.py::test_a_mock_that_the_api_could_not_return_is_an_error",
    ),
)
CHAPTERS = (
    Chapter(
        "Churn retraining",
        "`ratchet demo customer-churn`, or [the classic's graph](notebooks/retraining.md).",
        CHURN,
    ),
    Chapter("Hello world", "[Its notebook](notebooks/hello-world.md).", HELLO_WORLD),
    Chapter(
        "PyTorch on handwritten digits",
        "`ratchet demo handwritten-digits`, or [its workflow](notebooks/training-pipeline.md).",
        PYTORCH,
    ),
    Chapter("Processing with scikit-learn", "[Its notebook](notebooks/processing.md).", SKLEARN),
    Chapter("Abalone", "`ratchet demo abalone`, or [its notebook](notebooks/abalone.md).", ANIMALS),
    Chapter(
        "Online Retail",
        "`ratchet demo online-retail`, or [the classic question](notebooks/online-retail.md).",
        ORDERS,
    ),
    Chapter(
        "DataBrew and Bank Marketing",
        "`ratchet demo bank-marketing`. What is said of churn retraining holds here too.",
        CALLS,
    ),
    Chapter("What none of them had", "", NEVER_THERE, ("wanted", "here")),
    Chapter(
        "Input that is wrong",
        "Thirty-one inputs that were tried on the old package, and a few more. Half of them it "
        "accepted, and they failed on AWS. Here all are refused while the workflow is written.",
        BAD_INPUT,
        ("input", "what the refusal names"),
    ),
    Chapter(
        "What its users asked for",
        "By the numbers of their requests in the old package's repository.",
        WISHED,
        ("wanted", "here"),
    ),
)
HEAD = """\
# The classic samples, defect by defect

Seven sample workflows are known from the Step Functions Data Science SDK. Each runs here in one \
command or as a notebook, and none of their defects is left. The last column names the tests that \
would fail if one came back. [Migrating from `stepfunctions`](migrating-from-stepfunctions.md) has \
the old names.
"""


def rows() -> list[Row]:
    return [row for chapter in CHAPTERS for row in chapter.rows]


def held_by(tests: tuple[str, ...]) -> str:
    """The files of some tests, each once, as links."""
    files = dict.fromkeys(test.partition("::")[0] for test in tests)
    return ", ".join(f"[{Path(file).stem.removeprefix('test_')}](../{file})" for file in files)


def lines_of(chapter: Chapter) -> list[str]:
    """A chapter; where all rows are held by one file, it is named once."""
    everywhere = {held_by(row.tests) for row in chapter.rows}
    one = f"Tests: {everywhere.pop()}." if len(everywhere) == 1 < len(chapter.rows) else ""
    columns = [*chapter.columns, *([] if one else ["tests"])]
    before = " ".join(filter(None, (chapter.before, one)))
    lines = [f"## {chapter.title}", "", *([before, ""] if before else [])]
    lines += [f"| {' | '.join(columns)} |", "|---" * len(columns) + "|"]
    for row in chapter.rows:
        cells = [row.defect, row.here, *([] if one else [held_by(row.tests)])]
        lines.append(f"| {' | '.join(cells)} |")
    return [*lines, ""]


def page() -> str:
    """The whole document."""
    return "\n".join([HEAD, *(line for chapter in CHAPTERS for line in lines_of(chapter))])


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
