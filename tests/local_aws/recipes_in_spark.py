"""The recipes of test_recipes_and_spark.py in PySpark, one function a recipe, for local Glue."""

import sys

from awsglue.utils import getResolvedOptions
from pyspark.sql import Column, DataFrame, SparkSession
from pyspark.sql import functions as f


def number(name: str) -> Column:
    return f.col(name).cast("double")


def missing(name: str) -> Column:
    return f.col(name).isNull() | (f.trim(f.col(name)) == "")


def is_(test: Column) -> Column:
    return f.coalesce(test, f.lit(False))


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


SEEDED = (unique, grouped, pivoted, joined, united)


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
        written.option("header", True).option("escape", '"').csv(f"{options['output']}{name}/")


main()
