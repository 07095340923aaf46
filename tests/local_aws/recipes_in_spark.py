"""The recipes of test_recipes_and_spark.py in PySpark, one function a recipe, for local Glue."""

import sys

from awsglue.utils import getResolvedOptions
from pyspark.sql import Column, DataFrame, SparkSession, Window
from pyspark.sql import functions as f

SPECIAL = "!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~"


def number(name: str) -> Column:
    return f.col(name).cast("double")


def missing(name: str) -> Column:
    return f.col(name).isNull() | (f.trim(f.col(name)) == "")


def is_(test: Column) -> Column:
    return f.coalesce(test, f.lit(False))


def one(data: DataFrame, expression: str) -> Column:
    """A figure of the whole table."""
    return f.lit(data.selectExpr(expression).first()[0])


def clean(data: DataFrame, _other: DataFrame) -> DataFrame:
    counts = data.where(~missing("kind")).groupBy("kind").count()
    frequent = counts.orderBy(f.desc("count"), "kind").first()[0]
    data = data.withColumn("kind", f.when(missing("kind"), frequent).otherwise(f.col("kind")))
    data = data.withColumn("job", f.upper("job")).withColumn("kind", f.lower("kind"))
    note = f.regexp_replace("note", r"\s{2,}", " ")
    note = f.translate(f.translate(note, "0123456789", ""), SPECIAL, "")
    data = data.withColumn("note", f.regexp_replace(note, "[aeiou]+", "*"))
    data = data.withColumn("job", f.concat(f.lit("job:"), "job"))
    data = data.withColumn("kind", f.concat("kind", f.lit("!")))
    data = data.withColumn("city", f.get_json_object("user", "$.city"))
    data = data.withColumn("word", f.regexp_extract("note", "[a-z]+", 0))
    data = data.withColumn("id", f.sha2("id", 256))
    data = data.withColumn("both", f.concat_ws("-", "job", "kind"))
    parts = f.split("both", "-", 2)
    data = data.withColumn("both_1", parts[0]).withColumn("both_2", parts[1])
    data = data.withColumn("no_day", f.when(missing("day"), "True").otherwise("False"))
    found = is_(f.col("note").contains("x"))
    data = data.withColumn("has_x", f.when(found, "1").otherwise("0"))
    data = data.withColumn("day", f.when(missing("day"), "2020-01-01").otherwise(f.col("day")))
    data = data.withColumn("week", f.weekofyear(f.to_date("day", "yyyy-MM-dd")))
    data = data.withColumn("shown", f.date_format(f.to_date("day", "yyyy-MM-dd"), "dd/MM/yyyy"))
    code = f.when(f.col("kind") == "red!", "1").when(f.col("kind") == "blue!", "2").otherwise("9")
    data = data.withColumn("code", code).withColumnRenamed("amount", "paid")
    data = data.withColumn("copy", f.col("job")).drop("user")
    return data.select("paid", *(name for name in data.columns if name != "paid"))


def numbers(data: DataFrame, _other: DataFrame) -> DataFrame:
    data = data.withColumn("place", f.monotonically_increasing_id())
    mean = one(data, "avg(cast(amount as double))").cast("string")
    data = data.withColumn("amount", f.when(missing("amount"), mean).otherwise(f.col("amount")))
    median = one(data, "median(cast(age as double))").cast("string")
    data = data.withColumn("age", f.when(missing("age"), median).otherwise(f.col("age")))
    valid = f.when(~missing("day"), f.col("day"))
    last = f.last(valid, ignorenulls=True).over(Window.orderBy("place"))
    data = data.withColumn("day", last)
    low, high = one(data, "min(cast(age as double))"), one(data, "max(cast(age as double))")
    age = one(data, "avg(cast(age as double))")
    deviation = one(data, "stddev_samp(cast(age as double))")
    data = data.withColumn("scaled", (number("age") - low) / (high - low))
    data = data.withColumn("centred", (number("age") - age) / (high - low))
    data = data.withColumn("z", (number("age") - age) / deviation)
    first = one(data, "percentile(cast(amount as double), 0.25)")
    third = one(data, "percentile(cast(amount as double), 0.75)")
    middle = one(data, "median(cast(amount as double))").cast("string")
    amount, margin = number("amount"), f.lit(1.5) * (third - first)
    outlier = is_((amount < first - margin) | (amount > third + margin))
    data = data.withColumn("amount", f.when(outlier, middle).otherwise(f.col("amount")))
    band = f.when(number("age") < 30, "young").when(number("age") < 60, "middle").otherwise("old")
    data = data.withColumn("band", f.when(is_(f.col("kind") == "red"), band))
    data = data.withColumn("over", f.when(number("age") > 40, "1").otherwise("0"))
    data = data.withColumn("total", number("amount") + number("age"))
    data = data.withColumn("less", number("amount") - 1)
    data = data.withColumn("twice", number("amount") * 2)
    data = data.withColumn("ratio", number("amount") / number("age"))
    data = data.withColumn("rounded", f.floor(number("amount") + 0.5))
    age = one(data, "avg(cast(age as double))")
    label = f.when(number("age") < age, "below").when(missing("job"), "none")
    data = data.withColumn("label", label.otherwise(f.col("job")))
    kinds = [row[0] for row in data.where("kind is not null").select("kind").distinct().collect()]
    for kind in sorted(kinds):
        hot = f.when(is_(f.col("kind") == kind), "1").otherwise("0")
        data = data.withColumn(f"kind_{kind}", hot)
    data = data.withColumn("age", number("age").cast("int"))
    gone = is_(number("total") > 150) & ~is_(f.col("kind") == "blue")
    return data.where(~gone).drop("place")


def unique(data: DataFrame, _other: DataFrame) -> DataFrame:
    counts = data.where(number("age").isNotNull()).groupBy(number("age").alias("n")).count()
    most = counts.agg(f.max("count")).first()[0]
    mode = str(int(counts.where(f.col("count") == most).agg(f.max("n")).first()[0]))
    data = data.withColumn("age", f.when(missing("age"), mode).otherwise(f.col("age")))
    return data.dropDuplicates().where(~missing("job"))


def grouped(data: DataFrame, _other: DataFrame) -> DataFrame:
    present = f.when(~missing("job"), f.col("job"))
    return data.groupBy("kind").agg(
        f.count(present).alias("jobs"),
        f.countDistinct(present).alias("distinct_jobs"),
        f.sum(number("age")).alias("sum"),
        f.avg(number("amount")).alias("mean"),
        f.median(number("amount")).alias("median"),
        f.min(number("age")).alias("min"),
        f.max(number("age")).alias("max"),
        f.stddev_samp(number("age")).alias("deviation"),
    )


def pivoted(data: DataFrame, _other: DataFrame) -> DataFrame:
    data = data.where("kind is not null").withColumn("age", number("age"))
    made = data.select("job", "kind", "age").groupBy("job").pivot("kind").sum("age")
    return made.select("job", *(f.col(c).alias(f"kind_{c}") for c in sorted(made.columns[1:])))


def long(data: DataFrame, _other: DataFrame) -> DataFrame:
    kept = "id, job, note, user, day, kind"
    return data.selectExpr(*kept.split(", "), "stack(2, 'age', age, 'amount', amount) as (k, v)")


def joined(data: DataFrame, other: DataFrame) -> DataFrame:
    made = data.join(other, data["job"] == other["name"], "full_outer")
    return made.select("id", "job", "name", "pay")


def united(data: DataFrame, other: DataFrame) -> DataFrame:
    second = other.select(f.lit(None).cast("string").alias("id"), f.col("name").alias("job"))
    return data.select("id", "job").unionAll(second)


def classic(data: DataFrame, _other: DataFrame) -> DataFrame:
    """The recipe of the bank file that many begin with."""
    data = data.withColumn("y_output", f.when(f.col("y") == "no", 0).when(f.col("y") == "yes", 1))
    for kind in ("divorced", "married", "single", "unknown"):
        data = data.withColumn(f"marital_{kind}", is_(f.col("marital") == kind).cast("int"))
    data = data.withColumn("long_call", (number("duration") > 300).cast("int"))
    age = number("age")
    band = f.when(age < 22, 1).when(age < 42.394, 2).otherwise(3)
    data = data.withColumn("age_binning", f.when(f.col("loan") == "no", band))
    data = data.where(f.col("default") != "yes")
    house = f.when(f.col("housing").rlike("yes"), 1).otherwise(0)
    data = data.withColumn("house_without_loan", f.when(f.col("loan") == "no", house))
    marital = [name for name in data.columns if name.startswith("marital_")]
    made = ["y_output", "duration", *marital, "long_call", "age_binning", "house_without_loan"]
    return data.select(*made)


SEEDED = (clean, numbers, unique, grouped, pivoted, long, joined, united)


def main() -> None:
    options = getResolvedOptions(sys.argv, ["source", "other", "bank", "output"])
    spark = SparkSession.builder.getOrCreate()
    read = spark.read.option("header", True).option("escape", '"')
    data, other = read.csv(options["source"]), read.option("sep", ";").csv(options["other"])
    made = {recipe.__name__: recipe(data, other) for recipe in SEEDED}
    if options["bank"] != "none":
        bank = spark.read.option("header", True).option("sep", ";").csv(options["bank"])
        made["classic"] = classic(bank, other)
    for name, result in made.items():
        written = result.coalesce(1).write.mode("overwrite")
        written = written.option("header", True).option("escape", '"')
        for end in ("Leading", "Trailing"):
            written = written.option(f"ignore{end}WhiteSpace", False)
        written.csv(f"{options['output']}{name}/")


main()
