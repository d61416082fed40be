/* The limit: libjpeg-turbo's time to decode a JPEG at an eighth of its size, and nothing else.
 *
 * Reads lines `<operation> TAB <path>` from standard input; the only operation is `eighth`.
 * Answers each with a line of JSON: {"cpu_ms", "wall_ms", "bytes"}, or {"error"}. The file is in
 * memory before the clock starts; rows are decoded into one buffer and dropped.
 */
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <jpeglib.h>

#define ROWS 8

struct failure {
    struct jpeg_error_mgr manager; /* first, since libjpeg uses the struct as this */
    jmp_buf escape;
};

static void give_up(j_common_ptr codec)
{
    longjmp(((struct failure *)codec->err)->escape, 1);
}

static double now_ms(clockid_t clock)
{
    struct timespec moment;
    clock_gettime(clock, &moment);
    return moment.tv_sec * 1e3 + moment.tv_nsec / 1e6;
}

/* Return the bytes of the file, which the caller frees; NULL where it cannot be read. */
static unsigned char *slurp(const char *path, size_t *size)
{
    unsigned char *body = NULL;
    FILE *file = fopen(path, "rb");
    if (file == NULL)
        return NULL;
    if (fseek(file, 0, SEEK_END) == 0) {
        *size = (size_t)ftell(file);
        rewind(file);
        body = malloc(*size);
        if (body != NULL && fread(body, 1, *size, file) != *size) {
            free(body);
            body = NULL;
        }
    }
    fclose(file);
    return body;
}

/* Return how many bytes of pixels were decoded; 0 where libjpeg gives up. */
static size_t decode(const unsigned char *body, size_t size)
{
    struct jpeg_decompress_struct codec;
    struct failure failure;
    unsigned char *volatile pixels = NULL;
    volatile size_t decoded = 0;

    codec.err = jpeg_std_error(&failure.manager);
    failure.manager.error_exit = give_up;
    if (setjmp(failure.escape) == 0) {
        JSAMPROW rows[ROWS];
        size_t stride;

        jpeg_create_decompress(&codec);
        jpeg_mem_src(&codec, body, size);
        jpeg_read_header(&codec, TRUE);
        codec.scale_num = 1;
        codec.scale_denom = 8;
        jpeg_start_decompress(&codec);
        stride = (size_t)codec.output_width * codec.output_components;
        pixels = malloc(stride * ROWS);
        for (int row = 0; row < ROWS; row++)
            rows[row] = pixels + row * stride;
        while (codec.output_scanline < codec.output_height)
            decoded += stride * jpeg_read_scanlines(&codec, rows, ROWS);
        jpeg_finish_decompress(&codec);
    } else {
        decoded = 0;
    }
    jpeg_destroy_decompress(&codec);
    free(pixels);
    return decoded;
}

int main(void)
{
    char line[4096];

    while (fgets(line, sizeof line, stdin) != NULL) {
        char *path;
        unsigned char *body;
        size_t size, decoded;
        double cpu_ms, wall_ms;

        line[strcspn(line, "\n")] = '\0';
        strtok(line, "\t");
        path = strtok(NULL, "\t");
        body = path == NULL ? NULL : slurp(path, &size);
        if (body == NULL) {
            puts("{\"error\": \"the file cannot be read\"}");
        } else {
            cpu_ms = now_ms(CLOCK_PROCESS_CPUTIME_ID);
            wall_ms = now_ms(CLOCK_MONOTONIC);
            decoded = decode(body, size);
            wall_ms = now_ms(CLOCK_MONOTONIC) - wall_ms;
            cpu_ms = now_ms(CLOCK_PROCESS_CPUTIME_ID) - cpu_ms;
            if (decoded == 0)
                puts("{\"error\": \"libjpeg gives up\"}");
            else
                printf("{\"cpu_ms\": %.4f, \"wall_ms\": %.4f, \"bytes\": %zu}\n", cpu_ms, wall_ms,
                       decoded);
            free(body);
        }
        fflush(stdout);
    }
    return 0;
}
