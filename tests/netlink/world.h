/* SPDX-License-Identifier: GPL-2.0 */
/* Real objects for requests to name, and how a test reports. */
#ifndef WORLD_H
#define WORLD_H

#include "wire.h"

/* ok, or not ok when faults were told since the last result. */
void fault(const char *format, ...) __attribute__((format(printf, 1, 2)));
void result(const char *test);

/* A KVM VM of this process, with one vCPU that never runs. */
int world_bare_kvm(void);

/* The mini VMM: a guest that runs. Copies it to /tmp, returns its VM in our table. */
int world_vmm_start(void);
void world_vmm_stop(void);
uint64_t world_vmm_words(void);			/* guest linear address of its watched page */
int world_vmm_ctl(const char *command);		/* exit status of vmm ctl; output is dropped */

/* Each makes one object and returns its id; ends the program when refused. */
uint32_t world_vm(int sock, int fd, const char *name);
uint32_t world_watch(int sock, uint32_t vm, uint64_t addr, uint8_t len);
uint32_t world_session(int sock, const char *owner, uint32_t lease_ms);
uint32_t world_set(int sock, uint32_t session, uint32_t vm, uint32_t watch, uint64_t equals);
uint32_t world_port(int sock, uint32_t set, uint16_t number);

/* The request of a set of one criterion: watch == value. */
void world_set_request(struct msg *m, uint32_t session, uint32_t vm, uint32_t watch, uint64_t equals);
void world_port_request(struct msg *m, uint32_t set, uint16_t number);

/* DEL or DETACH of one object; errno. */
int world_del(int sock, uint8_t cmd, uint16_t attr, uint32_t id);

/* A value of STATUS or of an object's GET. */
uint64_t world_status(int sock, uint16_t attr);
uint64_t world_get(int sock, uint8_t cmd, uint16_t id_attr, uint32_t id, uint16_t attr);

#endif
