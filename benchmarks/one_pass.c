/* The same check as benchmarks/data_check.py, written by hand for one file: the peer to compare with.

   one_pass TYPES FILE COPY      TYPES: a letter a column (i integer, n number, d date, c category)

   Reads comma-separated fields without quotes where they lie, checks every field (integers and plain
   numbers digit by digit, dates, categories against a list), and writes the line with an id (eight
   bytes at a time, 64 bits, not collision-safe) and a side. Of a bad field it counts that there is one. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BLOCK (1 << 20)

static const char *known[] = {"no", "yes", "admin", "retired", "student", "services", "cellular",
                              "telephone", "technician", "management"};

static int is_known(const char *field, size_t length) {
    for (size_t n = 0; n < sizeof known / sizeof *known; n++)
        if (strlen(known[n]) == length && !memcmp(known[n], field, length)) return 1;
    return 0;
}

static int digits(const char *field, size_t from, size_t to) {
    int value = 0;
    for (size_t n = from; n < to; n++) {
        if (field[n] < '0' || field[n] > '9') return -1;
        value = value * 10 + field[n] - '0';
    }
    return value;
}

static int is_date(const char *field, size_t length) {
    if (length != 10 || field[4] != '-' || field[7] != '-') return 0;
    int month = digits(field, 5, 7), day = digits(field, 8, 10);
    return digits(field, 0, 4) >= 0 && month >= 1 && month <= 12 && day >= 1 && day <= 31;
}

static int is_number(const char *field, size_t length, int point) {
    size_t n = length && (*field == '-' || *field == '+'), seen = 0;
    double value = 0, scale = 1;
    int after = 0;
    for (; n < length; n++) {
        if (field[n] == '.' && point && !after) { after = 1; continue; }
        if (field[n] < '0' || field[n] > '9') return 0;
        value = value * 10 + (field[n] - '0');
        if (after) scale *= 10;
        seen++;
    }
    return seen && value / scale <= 3.4e38;
}

static int is_good(char type, const char *field, size_t length) {
    if (type == 'c') return is_known(field, length);
    if (type == 'd') return is_date(field, length);
    return is_number(field, length, type == 'n');
}

static uint64_t hashed(const char *line, size_t length) {
    uint64_t id = 0x9E3779B97F4A7C15ULL ^ length, word;
    for (; length >= 8; line += 8, length -= 8) {
        memcpy(&word, line, 8);
        id = (id ^ word) * 0xFF51AFD7ED558CCDULL;
        id ^= id >> 32;
    }
    word = 0;
    memcpy(&word, line, length);
    id = (id ^ word) * 0xC4CEB9FE1A85EC53ULL;
    return id ^ (id >> 29);
}

static char *marked(char *to, const char *line, size_t length) {
    uint64_t id = hashed(line, length);
    const char *side = id % 100 < 70 ? ",train\n" : id % 100 < 85 ? ",validation\n" : ",holdout\n";
    memcpy(to, line, length);
    to += length;
    *to++ = ',';
    for (int shift = 60; shift >= 0; shift -= 4) *to++ = "0123456789abcdef"[(id >> shift) & 15];
    memcpy(to, side, strlen(side));
    return to + strlen(side);
}

int main(int count, char **arguments) {
    if (count != 4) return 2;
    const char *types = arguments[1];
    size_t columns = strlen(types), held = 0, got;
    FILE *in = fopen(arguments[2], "r"), *out = fopen(arguments[3], "w");
    char *block = malloc(2 * BLOCK), *copy = malloc(8 * BLOCK);
    long rows = -1, bad = 0;
    if (!in || !out || !block || !copy) return 1;
    while ((got = fread(block + held, 1, BLOCK, in)) > 0) {
        char *line = block, *end = block + held + got, *stop, *to = copy;
        while ((stop = memchr(line, '\n', end - line))) {
            if (rows++ >= 0) {
                char *field = line;
                for (size_t n = 0; n < columns; n++) {
                    char *next = n + 1 < columns ? memchr(field, ',', stop - field) : stop;
                    if (!next) next = stop;
                    bad += !is_good(types[n], field, next - field);
                    field = next < stop ? next + 1 : stop;
                }
                to = marked(to, line, stop - line);
            }
            line = stop + 1;
        }
        fwrite(copy, 1, to - copy, out);
        held = end - line;
        memmove(block, line, held);
    }
    fclose(out);
    printf("%ld rows, %ld bad fields\n", rows, bad);
    return 0;
}
