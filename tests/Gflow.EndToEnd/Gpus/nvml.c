/*
 * A double of NVIDIA's management library (libnvidia-ml.so.1): it has the cards that a script describes, which is read anew on every
 * call, so that a test changes the machine by writing a file. Built with -DSCRIPT='"/path"', and with -DOLD for a driver from before
 * the numbered entry points.
 *
 *   driver VERSION
 *   init CODE                    what nvmlInit returns
 *   card UUID BUS MEMORY_MB USED_MB RESERVED_MB UTILIZATION TEMPERATURE POWER_MW ECC NAME...
 *   process UUID PID MB          MB is - where the driver cannot tell
 *   error UUID CODE              what every question about that card returns
 *   hang UUID|all                questions about that card, or all calls, do not return while this line is there
 *   mig UUID
 *   without v3|v2|processes      entry points that are there and do not work
 *   records 16|24|32             the size of process records
 *
 * Cards are numbered by the library in the order of their lines.
 */
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { OK = 0, NOT_SUPPORTED = 3, NOT_FOUND = 6, TOO_SMALL = 7, NO_FUNCTION = 13, MOST = 32, RECORD = 24 };

struct card {
    char uuid[96], bus[32], name[96];
    unsigned long long memory, used, reserved, ecc;
    unsigned utilization, temperature, power, mig;
    int error, hangs;
};

struct machine {
    char driver[80];
    int init, count, hangs, record, no3, no2, none;
    struct card cards[MOST];
    int processes;
    struct { char uuid[96]; unsigned pid; unsigned long long memory; } process[256];
};

static struct card *find(struct machine *m, const char *uuid)
{
    for (int i = 0; i < m->count; i++)
        if (strcmp(m->cards[i].uuid, uuid) == 0)
            return &m->cards[i];
    return NULL;
}

static void look(struct machine *m)
{
    char line[512], uuid[96], text[96];
    int code;
    memset(m, 0, sizeof *m);
    m->record = RECORD;
    FILE *script = fopen(SCRIPT, "r");
    if (script == NULL) {
        m->init = 9;
        return;
    }
    while (fgets(line, sizeof line, script) != NULL) {
        struct card c = {0}, *known;
        if (sscanf(line, "card %95s %31s %llu %llu %llu %u %u %u %llu %95[^\n]", c.uuid, c.bus, &c.memory, &c.used, &c.reserved,
                   &c.utilization, &c.temperature, &c.power, &c.ecc, c.name) == 10 && m->count < MOST)
            m->cards[m->count++] = c;
        else if (sscanf(line, "process %95s %d %95s", uuid, &code, text) == 3 && m->processes < 256) {
            strcpy(m->process[m->processes].uuid, uuid);
            m->process[m->processes].pid = (unsigned)code;
            m->process[m->processes++].memory = text[0] == '-' ? ~0ULL : strtoull(text, NULL, 10) << 20;
        } else if (sscanf(line, "error %95s %d", uuid, &code) == 2 && (known = find(m, uuid)) != NULL)
            known->error = code;
        else if (sscanf(line, "hang %95s", uuid) == 1) {
            if (strcmp(uuid, "all") == 0)
                m->hangs = 1;
            else if ((known = find(m, uuid)) != NULL)
                known->hangs = 1;
        } else if (sscanf(line, "mig %95s", uuid) == 1 && (known = find(m, uuid)) != NULL)
            known->mig = 1;
        else if (sscanf(line, "without %95s", text) == 1) {
            m->no3 |= strcmp(text, "v3") == 0;
            m->no2 |= strcmp(text, "v2") == 0;
            m->none |= strcmp(text, "processes") == 0;
        } else if (sscanf(line, "driver %79s", text) == 1)
            strcpy(m->driver, text);
        else if (sscanf(line, "init %d", &code) == 1)
            m->init = code;
        else
            sscanf(line, "records %d", &m->record);
    }
    fclose(script);
}

/* The machine as it is once no call hangs. */
static void enter(struct machine *m)
{
    for (look(m); m->hangs; look(m))
        usleep(50000);
}

/* A handle is the card's UUID, wherever the card is counted: what was opened stays that card. */
static char uuids[MOST][96];
static pthread_mutex_t keeping = PTHREAD_MUTEX_INITIALIZER;

static const char *kept(const char *uuid)
{
    const char *found = NULL;
    pthread_mutex_lock(&keeping);
    for (int i = 0; i < MOST && found == NULL; i++) {
        if (uuids[i][0] == '\0')
            strcpy(uuids[i], uuid);
        if (strcmp(uuids[i], uuid) == 0)
            found = uuids[i];
    }
    pthread_mutex_unlock(&keeping);
    return found;
}

static int of(struct machine *m, const void *device, struct card **card)
{
    for (enter(m); (*card = find(m, device)) != NULL && (*card)->hangs; look(m))
        usleep(50000);
    return *card == NULL ? 15 : (*card)->error;
}

#define ASK(device)             \
    struct machine m;           \
    struct card *card;          \
    int code = of(&m, device, &card); \
    if (code != OK)             \
        return code

int nvmlInit_v2(void)
{
    struct machine m;
    enter(&m);
    return m.init;
}

int nvmlShutdown(void) { return OK; }

const char *nvmlErrorString(int code)
{
    switch (code) {
    case 9: return "Driver Not Loaded";
    case 15: return "GPU is lost";
    case 16: return "GPU requires reset";
    case 999: return "Unknown Error";
    default: return "Some Error";
    }
}

int nvmlSystemGetDriverVersion(char *text, unsigned size)
{
    struct machine m;
    enter(&m);
    snprintf(text, size, "%s", m.driver[0] ? m.driver : "550.54.15");
    return OK;
}

int nvmlDeviceGetCount_v2(unsigned *count)
{
    struct machine m;
    enter(&m);
    *count = (unsigned)m.count;
    return OK;
}

int nvmlDeviceGetHandleByIndex_v2(unsigned index, const void **device)
{
    struct machine m;
    enter(&m);
    if ((int)index >= m.count)
        return NOT_FOUND;
    *device = kept(m.cards[index].uuid);
    return m.cards[index].error == 15 ? 15 : OK;
}

int nvmlDeviceGetUUID(const void *device, char *text, unsigned size)
{
    ASK(device);
    snprintf(text, size, "%s", card->uuid);
    return OK;
}

int nvmlDeviceGetName(const void *device, char *text, unsigned size)
{
    ASK(device);
    snprintf(text, size, "%s", card->name);
    return OK;
}

struct pci { char old[16]; unsigned domain, bus, device, ids, subsystem; char text[32]; };

int nvmlDeviceGetPciInfo_v3(const void *device, struct pci *pci)
{
    ASK(device);
    memset(pci, 0, sizeof *pci);
    sscanf(card->bus, "%x:%x:%x", &pci->domain, &pci->bus, &pci->device);
    return OK;
}

struct memory1 { unsigned long long total, free, used; };

int nvmlDeviceGetMemoryInfo(const void *device, struct memory1 *memory)
{
    ASK(device);
    memory->total = card->memory << 20;
    memory->used = (card->used + card->reserved) << 20;
    memory->free = memory->total - memory->used;
    return OK;
}

int nvmlDeviceGetUtilizationRates(const void *device, unsigned *rates)
{
    ASK(device);
    rates[0] = card->utilization;
    rates[1] = 0;
    return OK;
}

int nvmlDeviceGetTemperature(const void *device, unsigned sensor, unsigned *degrees)
{
    ASK(device);
    *degrees = card->temperature;
    return sensor == 0 ? OK : 2;
}

int nvmlDeviceGetPowerUsage(const void *device, unsigned *milliwatts)
{
    ASK(device);
    *milliwatts = card->power;
    return card->power == 0 ? NOT_SUPPORTED : OK;
}

int nvmlDeviceGetTotalEccErrors(const void *device, int type, int counter, unsigned long long *errors)
{
    ASK(device);
    (void)type;
    (void)counter;
    *errors = card->ecc;
    return OK;
}

static int list(struct machine *m, const char *uuid, unsigned *count, unsigned char *records, int size)
{
    unsigned found = 0, room = *count;
    for (int i = 0; i < m->processes; i++) {
        if (strcmp(m->process[i].uuid, uuid) != 0)
            continue;
        if (found < room) {
            unsigned char *record = records + found * (unsigned)size;
            unsigned whole = ~0u;
            unsigned long long nothing = 0;
            memcpy(record, &m->process[i].pid, 4);
            memcpy(record + 8, &m->process[i].memory, 8);
            if (size >= 24) {
                memcpy(record + 16, &whole, 4);
                memcpy(record + 20, &whole, 4);
            }
            if (size >= 32)
                memcpy(record + 24, &nothing, 8);
        }
        found++;
    }
    *count = found;
    return found > room ? TOO_SMALL : OK;
}

#ifndef OLD
struct memory2 { unsigned version; unsigned long long total, reserved, free, used; };

int nvmlDeviceGetMemoryInfo_v2(const void *device, struct memory2 *memory)
{
    ASK(device);
    if (memory->version != (sizeof *memory | 2 << 24))
        return 25;
    memory->total = card->memory << 20;
    memory->reserved = card->reserved << 20;
    memory->used = card->used << 20;
    memory->free = memory->total - memory->used - memory->reserved;
    return OK;
}

int nvmlDeviceGetMigMode(const void *device, unsigned *current, unsigned *pending)
{
    ASK(device);
    *current = *pending = card->mig;
    return OK;
}

int nvmlDeviceGetComputeRunningProcesses_v3(const void *device, unsigned *count, unsigned char *records)
{
    ASK(device);
    return m.no3 ? NO_FUNCTION : m.none ? NOT_SUPPORTED : list(&m, device, count, records, m.record);
}

int nvmlDeviceGetComputeRunningProcesses_v2(const void *device, unsigned *count, unsigned char *records)
{
    ASK(device);
    return m.no2 ? NO_FUNCTION : list(&m, device, count, records, m.record);
}
#endif

int nvmlDeviceGetComputeRunningProcesses(const void *device, unsigned *count, unsigned char *records)
{
    ASK(device);
    return list(&m, device, count, records, 16);
}
