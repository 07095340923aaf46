"""`ratchet retrain`: a run on the data there are, with the folder's settings."""

from __future__ import annotations

from ratchet.cli.command import command
from ratchet.cli.options import DEFAULT_AWS, Folder, Json, Settings, Wait, Where
from ratchet.cli.push import Standing, changed, outlook, send, summary, tell_missing


@command
def retrain(
    pipeline: Folder,
    settings: Settings = None,
    wait: Wait = False,
    json_output: Json = False,
    where: Where = DEFAULT_AWS,
) -> None:
    """Push a pipeline's folder and train on the data there are, without waiting for new ones.

    What waits is trained on, as ever. Where nothing waits, the newest batch is judged again:
    other settings are compared with the champion's, both trained without that batch, on all of its
    rows. With --wait the exit code is 0 only when the run ends PROMOTED.

    Example: ratchet retrain bank-marketing --set training.hyperparameters.max_depth=6 --wait
    """
    from ratchet.cli import asked
    from ratchet.cli.pipeline_folder import find, pack
    from ratchet.cli.run_report import end_with
    from ratchet.cli.screen import print_json, remark, stderr, stdout

    folder = find(pipeline)
    with changed(folder, settings or []) as said:
        packed = pack(folder)
        for line in (*said, *packed.warnings):
            remark(line)
        found = where.find(writes=True)
        if found.aws.local:
            tell_missing(packed)
        before = Standing.of(found, packed.name)
        number = asked.asked(found, packed.name) + 1
        answer = send(found, packed, retrain=True)
    if not json_output:
        stdout().print(summary(answer), soft_wrap=True)
        for sentence in outlook(before, packed, answer):
            stdout().print(sentence, soft_wrap=True)
    if not wait:
        if json_output:
            print_json(answer)
        else:
            stdout().print(f"Watch with: ratchet runs {packed.name}", soft_wrap=True)
        return
    try:
        record = asked.follow_asked(found, packed.name, number, stderr())
    except KeyboardInterrupt:
        stderr().print(f"The run continues without you; see it with: ratchet runs {packed.name}")
        raise
    end_with(found, record, answer if json_output else None)
