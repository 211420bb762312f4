"""The command line: thin commands over `w2s_theory.api`; anything heavy is imported inside a command."""

import json
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from rich.console import Console

app = typer.Typer(
    name="w2s-theory",
    help="Compute, check and try to break the bounds of weak-to-strong generalization.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)

JsonFile = Annotated[Path | None, typer.Option("--json", metavar="FILE", help="Also write the result as JSON.")]
Seed = Annotated[int, typer.Option("--seed", metavar="S", help="Seed of everything random.")]
InstanceFile = Annotated[Path, typer.Option("--instance", metavar="FILE", help="An instance file (JSON).")]
Quick = Annotated[bool, typer.Option("--quick", help="A smaller run, labelled so.")]
Certificates = Annotated[Path, typer.Option(metavar="DIR", help="Folder in which certificates are stored.")]
_EXPERIMENTS = (
    "bound-scatter, misfit-gain, sample-size, mixture-of-r, tightness, dropped-assumptions, balance or teacher-quality"
)
Workers = Annotated[int, typer.Option("--workers", metavar="N", help="Processes on this machine.")]
Scheduler = Annotated[str | None, typer.Option("--scheduler", metavar="ADDRESS", help="Of a Dask scheduler: tcp://….")]
Column = Annotated[str | None, typer.Option(metavar="COL", help="Its class probabilities, or P(class 1).")]
Identifiers = Annotated[list[str] | None, typer.Argument(metavar="[ID]...", help="Claim ids; all if none.")]


def main() -> None:
    """Entry point: exit code 0 for success, 1 for a claim that failed, 2 for unusable input."""
    from w2s_theory.compilation_cache import keep_compiled_code
    from w2s_theory.errors import InputError

    try:
        keep_compiled_code(os.environ)
        app()
    except InputError as problem:
        print(f"error: {problem}", file=sys.stderr)  # noqa: T201
        sys.exit(2)


@app.command("list")
def list_(json_file: JsonFile = None) -> None:
    """Show the catalogue of claims."""
    from w2s_theory.api import list_claims
    from w2s_theory.catalogue import CLAIMS
    from w2s_theory.report.rows import claim_table

    _console().print(claim_table(CLAIMS))
    _write_json(json_file, list_claims())


@app.command()
def verify(
    ids: Identifiers = None,
    instances: Annotated[
        int | None, typer.Option(metavar="N", help="Instances a claim: 10,000, of mutants 2,000, if not given.")
    ] = None,
    seed: Seed = 0,
    mutants: Annotated[
        bool, typer.Option("--mutants", help="Make the claims false in small ways; are they caught?")
    ] = False,
    rule: Annotated[
        str | None,
        typer.Option(metavar="RULE", help="exact, quadrature or monte-carlo: on the built-in populations instead."),
    ] = None,
    samples: Annotated[int, typer.Option(metavar="N", help="monte-carlo: draws a population.")] = 1_000_000,
    draws: Annotated[str, typer.Option(metavar="HOW", help="monte-carlo: plain, antithetic or sobol.")] = "plain",
    region: Annotated[
        str,
        typer.Option(metavar="WHICH", help="monte-carlo: clt, hoeffding, empirical-bernstein or betting."),
    ] = "clt",
    level: Annotated[float, typer.Option(metavar="P", help="monte-carlo: confidence of all verdicts at once.")] = 0.99,
    workers: Workers = 1,
    scheduler: Scheduler = None,
    json_file: JsonFile = None,
) -> None:
    """Check claims on random and adversarial instances; exit 1 if one does not come out as its status says.

    With --rule, check them on populations with a density; exit 1 if a proved claim is violated there.
    """
    from w2s_theory import api
    from w2s_theory.errors import InputError
    from w2s_theory.report.progress import progress
    from w2s_theory.report.rows import sweep_json, sweep_table

    wanted = ids or []
    if (mutants or rule is not None) and (workers != 1 or scheduler is not None):
        raise InputError("--mutants and --rule run in one process: neither --workers nor --scheduler goes with them")
    if rule is not None:
        if mutants or instances is not None:
            raise InputError("--rule is about populations: neither --mutants nor --instances goes with it")
        options: dict[str, Any] = {"samples": samples, "draws": draws, "region": region, "level": level, "seed": seed}
        _verify_by_rule(wanted, rule, options, json_file)
        return
    if mutants:
        _verify_mutants(wanted, 2_000 if instances is None else instances, seed, json_file)
        return
    with progress() as bar:
        task = bar.add_task("verifying", total=len(set(wanted)) or len(api.CLAIMS))
        options = {"workers": workers, "scheduler": scheduler, "on_row": lambda row: bar.advance(task)}
        rows = api.verify(*wanted, instances=10_000 if instances is None else instances, seed=seed, **options)
    _console().print(sweep_table(rows))
    _write_json(json_file, sweep_json(rows))
    _exit_unless(all(row.passed for row in rows))


def _verify_by_rule(ids: Sequence[str], rule: str, options: dict[str, Any], json_file: Path | None) -> None:
    """Exit 1 if a proved claim is violated on a population."""
    from w2s_theory import api
    from w2s_theory.report.progress import progress
    from w2s_theory.report.rows import rule_json, rule_table

    with progress() as bar:
        task = bar.add_task(rule, total=len(api.POPULATIONS))
        rows = api.verify_by_rule(*ids, rule=rule, **options, on_population=lambda population: bar.advance(task))
    _console().print(rule_table(rows, rule))
    _write_json(json_file, rule_json(rows, rule, options))
    _exit_unless(all(row.passed for row in rows))


def _verify_mutants(ids: Sequence[str], instances: int, seed: int, json_file: Path | None) -> None:
    """Exit 1 if a mutant survives that should not."""
    from w2s_theory import api
    from w2s_theory.report.progress import progress
    from w2s_theory.report.rows import mutant_json, mutant_table

    with progress() as bar:
        task = bar.add_task("mutating", total=len(set(ids)) or sum(c.status.value == "proved" for c in api.CLAIMS))
        rows = api.verify_mutants(*ids, instances=instances, seed=seed, on_rows=lambda rows: bar.advance(task))
    _console().print(mutant_table(rows))
    _write_json(json_file, mutant_json(rows))
    _exit_unless(all(row.passed for row in rows))


@app.command()
def falsify(
    identifier: Annotated[str, typer.Argument(metavar="ID", help="A claim id.")],
    drop: Annotated[str | None, typer.Option(metavar="HYPOTHESIS", help="Do not assume this hypothesis.")] = None,
    seed: Seed = 0,
    certificates: Certificates = Path("certificates"),
    workers: Workers = 1,
    scheduler: Scheduler = None,
    json_file: JsonFile = None,
) -> None:
    """Search for the instance that strains a claim most; what breaks it is shrunk and certified.

    Exit 1 if a proved claim is broken, or a refuted one is not.
    """
    from w2s_theory import api
    from w2s_theory.report.progress import stages
    from w2s_theory.report.rows import falsification_table

    cluster: Any = {"workers": workers, "scheduler": scheduler}
    with stages() as tell:
        result = api.falsify(identifier, drop=drop, seed=seed, store=certificates, progress=tell, **cluster)
    _console().print(falsification_table(api.find_claim(identifier), result))
    _write_json(json_file, result.to_json())
    _exit_unless(result.passed)


@app.command()
def certify(
    identifier: Annotated[str, typer.Argument(metavar="ID", help="A claim id.")],
    certificates: Certificates = Path("certificates"),
    json_file: JsonFile = None,
) -> None:
    """Prove a claim over a box, in ball arithmetic; exit 1 if boxes remain undecided."""
    from w2s_theory import api
    from w2s_theory.report.progress import stages
    from w2s_theory.report.rows import box_table

    with stages() as tell:
        result = api.certify(identifier, store=certificates, progress=lambda part, boxes: tell("bisecting", part))
    _console().print(box_table(api.find_claim(identifier), result))
    _write_json(json_file, result.to_json())
    _exit_unless(result.proved)


@app.command()
def check(
    files: Annotated[list[Path], typer.Argument(metavar="FILE...", help="Certificates (JSON).")],
) -> None:
    """Have stored certificates verified again, in a fresh process; exit 1 if one is false."""
    import subprocess

    done = subprocess.run([sys.executable, "-m", "w2s_theory.exact", *map(str, files)])
    if done.returncode:
        raise typer.Exit(done.returncode)


@app.command()
def evaluate(
    identifier: Annotated[str, typer.Argument(metavar="ID", help="A claim id.")],
    instance: InstanceFile,
    json_file: JsonFile = None,
) -> None:
    """Both sides of one claim on one instance; exit 0 whatever the verdict."""
    from w2s_theory import api
    from w2s_theory.report.rows import evaluation_table

    result = api.evaluate(identifier, instance)
    _console().print(evaluation_table(api.find_claim(identifier), result))
    _write_json(json_file, result.to_json())


@app.command()
def envelope(
    instance: InstanceFile,
    disagreement: Annotated[str, typer.Option(metavar="D[,D...]", help="Disagreements, in nats.")],
    student_floor: Annotated[float | None, typer.Option(metavar="G", help="Students keep this floor.")] = None,
    json_file: JsonFile = None,
) -> None:
    """Exact best and worst risk of a student so close to the weak model."""
    from w2s_theory import api
    from w2s_theory.report.rows import envelope_table

    points = api.envelope(instance, _numbers("--disagreement", disagreement), student_floor)
    _console().print(envelope_table(points))
    _write_json(json_file, points)


@app.command()
def simulate(
    experiment: Annotated[str, typer.Argument(metavar="EXPERIMENT", help=_EXPERIMENTS)],
    seed: Seed = 0,
    seeds: Annotated[int, typer.Option(metavar="N", help="How many seeds, from --seed on.")] = 1,
    quick: Quick = False,
    student_inputs: Annotated[
        str | None, typer.Option(metavar="WHICH", help="misfit-gain: same inputs as the teacher, or fresh ones.")
    ] = None,
    workers: Workers = 1,
    scheduler: Scheduler = None,
    json_file: JsonFile = None,
) -> None:
    """Simulate weak teachers and strong students, and put them beside what the theory says of them."""
    from w2s_theory import api
    from w2s_theory.report.progress import stages
    from w2s_theory.report.rows import experiment_table

    with stages() as tell:
        options: Any = {} if student_inputs is None else {"student_inputs": student_inputs}
        options |= {"progress": tell, "workers": workers, "scheduler": scheduler}
        record = api.simulate(experiment, seed=seed, seeds=seeds, quick=quick, **options)
    _console().print(experiment_table(record))
    _write_json(json_file, record)


@app.command()
def sweep(
    specification: Annotated[Path, typer.Argument(metavar="SPEC", help="A sweep file (TOML).")],
    out: Annotated[Path, typer.Option(metavar="DIR", help="Folder for the rows, in Parquet files.")] = Path("sweep"),
    resume: Annotated[bool, typer.Option("--resume", help="Go on with the sweep in DIR.")] = False,
    workers: Workers = 1,
    scheduler: Scheduler = None,
    json_file: JsonFile = None,
) -> None:
    """Run claims and experiments over a grid of worlds and seeds, one row a cell; exit 1 if a proved claim is violated.

    An interrupted sweep loses the cells being computed: go on with --resume.
    """
    from w2s_theory import api
    from w2s_theory.report.progress import progress
    from w2s_theory.report.rows import swept_table

    with progress() as bar:
        task = bar.add_task("sweeping", total=None)
        options: Any = {"resume": resume, "workers": workers, "scheduler": scheduler}
        options["tell"] = lambda done, cells: bar.update(task, completed=done, total=cells)
        try:
            swept = api.sweep(specification, out, **options)
        except KeyboardInterrupt:
            print(f"stopped; rows in {out} are kept: go on with --resume", file=sys.stderr)  # noqa: T201
            raise typer.Exit(130) from None
    _console().print(swept_table(swept))
    _write_json(json_file, swept.to_json())
    _exit_unless(not swept.violated)


@app.command()
def reproduce(
    out: Annotated[Path, typer.Option(metavar="DIR", help="Folder for figures and pages.")] = Path("figures"),
    only: Annotated[str | None, typer.Option(metavar="NAME", help="Draw one figure only, or explorer.")] = None,
    quick: Quick = False,
    seed: Seed = 0,
) -> None:
    """The main job: verify the catalogue, train the models, draw every figure, write the pages."""
    from w2s_theory.report.progress import stages
    from w2s_theory.report.reproduction import reproduce as run
    from w2s_theory.report.rows import sweep_table

    with stages() as tell:
        done = run(out, only=only, quick=quick, seed=seed, progress=tell)
    console = _console()
    if done.rows:
        console.print(sweep_table(done.rows))
    console.print("Written: " + ", ".join(str(path) for path in done.written), soft_wrap=True)
    _exit_unless(done.passed)


@app.command()
def audit(
    files: Annotated[
        list[Path] | None,
        typer.Argument(metavar="FILE...", help="Saved predictions: one file, or one a model: weak, strong, ceiling."),
    ] = None,
    weak: Column = None,
    strong: Column = None,
    ceiling: Column = None,
    labels: Annotated[str | None, typer.Option(metavar="COL", help="Class indices; -1 or missing: no label.")] = None,
    truth: Annotated[str | None, typer.Option(metavar="COL", help="Class probabilities, where they are known.")] = None,
    by: Annotated[str | None, typer.Option(metavar="COL", help="Also say it for every slice of this column.")] = None,
    key: Annotated[str | None, typer.Option(metavar="COL", help="Join files on it; id or txt if not given.")] = None,
    logits: Annotated[bool, typer.Option("--logits", help="The models are given by logits.")] = False,
    delta: Annotated[float, typer.Option(metavar="P", help="Each interval misses with this probability.")] = 0.05,
    labels_were: Annotated[
        str, typer.Option(metavar="KIND", help="What the student was trained on: soft, hard or unknown.")
    ] = "unknown",
    weak_log_loss: Annotated[
        float | None, typer.Option(metavar="R", help="Without labels: the weak model's log-loss, measured elsewhere.")
    ] = None,
    example: Annotated[bool, typer.Option("--example", help="Train two models on digits, and audit them.")] = False,
    out: Annotated[Path | None, typer.Option(metavar="DIR", help="Write audit.html and audit.json there.")] = None,
    json_file: JsonFile = None,
) -> None:
    """Did the student really beat its teacher?  Bounds and calibration on your own saved predictions.

    COL is a column, an array of an archive, or the prefix of numbered columns COL_0, COL_1, ….
    """
    from w2s_theory import api
    from w2s_theory.errors import InputError
    from w2s_theory.report.audit_page import write_audit
    from w2s_theory.report.audit_rows import audit_table

    settings: dict[str, Any] = {"delta": delta, "labels_were": labels_were}
    if example == bool(files):
        raise InputError("name the files to audit, or --example" if not files else "--example takes no files")
    if example:
        found = api.audit_example(**settings)
    else:
        columns = {"weak": weak, "strong": strong, "ceiling": ceiling, "labels": labels, "truth": truth, "by": by}
        settings |= columns | {"key": key, "logits": logits, "weak_log_loss": weak_log_loss}
        found = api.audit_files(files or [], **settings)
    written = [] if out is None else write_audit(out, found)
    _console().print(audit_table(found))
    if written:
        _console().print("Written: " + ", ".join(map(str, written)), soft_wrap=True)
    _write_json(json_file, found.to_json())


@app.command()
def cite(ids: Identifiers = None) -> None:
    """BibTeX of the sources used by the claims named, or by all."""
    from w2s_theory import api

    _console().print(api.cite(*(ids or [])), markup=False, highlight=False, soft_wrap=True)


def _console(stderr: bool = False) -> "Console":
    from rich.console import Console

    return Console(stderr=stderr)


def _numbers(option: str, text: str) -> Sequence[float]:
    from w2s_theory.errors import InputError

    try:
        return [float(part) for part in text.split(",")]
    except ValueError:
        raise InputError(f"{option} {text!r} is not a number or a list of numbers separated by commas") from None


def _write_json(path: Path | None, value: Any) -> None:
    from w2s_theory.errors import InputError

    if path is None:
        return
    try:
        path.write_text(json.dumps(value, indent=1, allow_nan=False, ensure_ascii=False) + "\n", encoding="utf-8")
    except OSError as problem:
        raise InputError(f"{path}: cannot be written: {problem.strerror}") from None


def _exit_unless(passed: bool) -> None:
    if not passed:
        raise typer.Exit(1)


if __name__ == "__main__":
    main()
