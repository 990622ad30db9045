BEGIN TRANSACTION;
CREATE TABLE alembic_version (
	version_num VARCHAR(32) NOT NULL, 
	CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num)
);
INSERT INTO "alembic_version" VALUES('0001');
CREATE TABLE conditions (
	run_id VARCHAR(128) NOT NULL, 
	position INTEGER NOT NULL, 
	name VARCHAR(200) NOT NULL, 
	measured TEXT NOT NULL, 
	required TEXT NOT NULL, 
	holds BOOLEAN NOT NULL, 
	advice TEXT NOT NULL, 
	PRIMARY KEY (run_id, position), 
	FOREIGN KEY(run_id) REFERENCES runs (id)
);
INSERT INTO "conditions" VALUES('r1',0,'queries','4','≥ 4',1,'run longer');
INSERT INTO "conditions" VALUES('r2',0,'queries','4','≥ 4',1,'run longer');
INSERT INTO "conditions" VALUES('r3',0,'queries','4','≥ 4',1,'run longer');
CREATE TABLE environments (
	fingerprint VARCHAR(64) NOT NULL, 
	json TEXT NOT NULL, 
	PRIMARY KEY (fingerprint)
);
INSERT INTO "environments" VALUES('8c87c4ee4fb1800663ba08a6a941ff6836e15132dd5a399c12dc5ba5a5675c4b','{"system":{"name":"lab","cpu":{"model":"Test CPU","cores":4}},"python":"CPython 3.11.7","packages":{"numpy":"2.0.0"},"variables":{"OMP_NUM_THREADS":"2"}}');
INSERT INTO "environments" VALUES('1dbd0e865919553ba0d178c2559cb0b1748fc938356b56c65ae934bafe617476','{"system":{"name":"lab","cpu":{"model":"Test CPU","cores":4}},"python":"CPython 3.11.7","packages":{"numpy":"2.0.0"},"variables":{"OMP_NUM_THREADS":"8"}}');
CREATE TABLE metrics (
	run_id VARCHAR(128) NOT NULL, 
	position INTEGER NOT NULL, 
	name VARCHAR(200) NOT NULL, 
	value DOUBLE, 
	lo DOUBLE, 
	hi DOUBLE, 
	n BIGINT NOT NULL, 
	count BIGINT, 
	unit VARCHAR(40) NOT NULL, 
	PRIMARY KEY (run_id, position), 
	FOREIGN KEY(run_id) REFERENCES runs (id)
);
INSERT INTO "metrics" VALUES('r1',0,'top_1',0.5,0.25,0.75,4,2,'');
INSERT INTO "metrics" VALUES('r1',1,'mean',1000000.0,NULL,NULL,4,NULL,'ns');
INSERT INTO "metrics" VALUES('r2',0,'top_1',0.5,0.25,0.75,4,2,'');
INSERT INTO "metrics" VALUES('r2',1,'mean',1000000.0,NULL,NULL,4,NULL,'ns');
INSERT INTO "metrics" VALUES('r3',0,'top_1',0.5,0.25,0.75,4,2,'');
INSERT INTO "metrics" VALUES('r3',1,'mean',1000000.0,NULL,NULL,4,NULL,'ns');
CREATE TABLE plans (
	digest VARCHAR(64) NOT NULL, 
	workload VARCHAR(80) NOT NULL, 
	json TEXT NOT NULL, 
	PRIMARY KEY (digest)
);
INSERT INTO "plans" VALUES('6645b2f9858b69722dcf19d0b691a5fa680745f4e2b85dcfaf9b62a368415564','evaluation','{"workload":"evaluation","model":{"kind":"model","schema_version":1,"name":"tiny","description":"","version":"1.2.0","task":"image_classification","license":"Apache-2.0","references":[],"authors":[],"framework":[],"system":{"architecture":[],"device":"any","memory_bytes":null,"accelerator":null,"features":[]},"stack":null,"assets":{"graph":{"source":"file:tiny.onnx","sha256":null,"md5":null,"size_bytes":null,"archive_member":null,"count":null,"tensors":{}}},"inputs":[{"name":"image","tensor":"x","type":"tensor","element_type":"float32","layout":"NCHW","shape":["N",3,8,8],"color_mode":null,"preprocess":[]}],"outputs":[{"name":"scores","tensor":"y","type":"classification","element_type":"float32","layout":"NK","shape":["N",10],"labels":null,"postprocess":[]}],"hooks":null,"reference":{},"attributes":{},"visibility":"listed"},"framework":{"kind":"framework","schema_version":1,"name":"mock","description":"","version":"0.3.1","backend":"mock","formats":["onnx"],"devices":["cpu"],"levels":["MODEL"],"tolerance":0.0001,"options":{}},"dataset":{"kind":"dataset","schema_version":1,"name":"squares","description":"","version":"1.0.0","task":"image_classification","license":"CC0-1.0","reader":"records","source":null,"options":{},"procedural":null,"sha256":null,"items":3,"classes":null,"split":"","data_kind":"procedural","references":[],"visibility":"listed"},"scenario":{"kind":"scenario","schema_version":1,"name":"online","description":"","type":"online","loadgen":"native","settings":{},"audits":[],"rate_qps":null,"batch_size":[1],"samples_per_query":1,"users":null,"think_time_ms":null,"burst":null,"trace_file":null,"trace_sha256":null,"latency_bound_ms":null,"percentile":0.99,"min_duration_ms":10000.0,"min_queries":100,"max_duration_ms":600000.0,"max_queries":0,"warmup":5,"pipeline":"preloaded","mode":"submission","equal_issue":false,"timeout_ms":30000.0,"max_failed_fraction":0.001,"seeds":{"subset":1,"order":2,"schedule":3,"accuracy_log":4}},"assets":{},"batch_size":1,"items":3,"trace_level":30,"options":{},"keep_outputs":100,"memory_limit_bytes":null,"seed":0,"repeat":0}');
CREATE TABLE runs (
	id VARCHAR(128) NOT NULL, 
	plan_digest VARCHAR(64) NOT NULL, 
	fingerprint VARCHAR(64) NOT NULL, 
	status VARCHAR(16) NOT NULL, 
	acceptance VARCHAR(16) NOT NULL, 
	started_utc VARCHAR(40) NOT NULL, 
	workload VARCHAR(80) NOT NULL, 
	model VARCHAR(80) NOT NULL, 
	model_version VARCHAR(80) NOT NULL, 
	framework VARCHAR(80) NOT NULL, 
	framework_version VARCHAR(80) NOT NULL, 
	dataset VARCHAR(80) NOT NULL, 
	dataset_version VARCHAR(80) NOT NULL, 
	task VARCHAR(80) NOT NULL, 
	scenario VARCHAR(80) NOT NULL, 
	batch_size INTEGER NOT NULL, 
	samples BIGINT NOT NULL, 
	items BIGINT NOT NULL, 
	is_valid BOOLEAN NOT NULL, 
	error TEXT, 
	details TEXT NOT NULL, 
	PRIMARY KEY (id), 
	FOREIGN KEY(plan_digest) REFERENCES plans (digest), 
	FOREIGN KEY(fingerprint) REFERENCES environments (fingerprint)
);
INSERT INTO "runs" VALUES('r1','6645b2f9858b69722dcf19d0b691a5fa680745f4e2b85dcfaf9b62a368415564','8c87c4ee4fb1800663ba08a6a941ff6836e15132dd5a399c12dc5ba5a5675c4b','finished','accepted','2026-03-01T12:00:00.000000Z','evaluation','tiny','1.2.0','mock','0.3.1','squares','1.0.0','image_classification','online',1,4,3,1,NULL,'{"memory_bytes":{"baseline":1000,"peak":5000},"framework_report":{"threads":2,"precision":"f32","fused":true},"log_tail":"opened\nclosed: 100 % – done\n","probes":[{"rate_qps":50.0,"seed":3,"queries":100,"latency_ns":2000000,"lateness_ns":900,"holds":true,"reason":"","confirms":false},{"rate_qps":99.5,"seed":4,"queries":9,"latency_ns":null,"lateness_ns":null,"holds":false,"reason":"","confirms":false}],"energy":{"source":"rapl","joules":12.5,"idle_w":3.25,"per_inference_j":0.125,"reason":""},"artifacts":{"summary.txt":"Result is : VALID – µs\n"},"volatile":{"load_average":[0.5,0.25,0.0]}}');
INSERT INTO "runs" VALUES('r2','6645b2f9858b69722dcf19d0b691a5fa680745f4e2b85dcfaf9b62a368415564','8c87c4ee4fb1800663ba08a6a941ff6836e15132dd5a399c12dc5ba5a5675c4b','finished','superseded','2026-03-01T12:00:00.000000Z','evaluation','tiny','1.2.0','mock','0.3.1','squares','1.0.0','image_classification','online',1,4,3,1,NULL,'{"memory_bytes":{"baseline":1000,"peak":5000},"framework_report":{"threads":2,"precision":"f32","fused":true},"log_tail":"opened\nclosed: 100 % – done\n","probes":[{"rate_qps":50.0,"seed":3,"queries":100,"latency_ns":2000000,"lateness_ns":900,"holds":true,"reason":"","confirms":false},{"rate_qps":99.5,"seed":4,"queries":9,"latency_ns":null,"lateness_ns":null,"holds":false,"reason":"","confirms":false}],"energy":{"source":"rapl","joules":12.5,"idle_w":3.25,"per_inference_j":0.125,"reason":""},"artifacts":{"summary.txt":"Result is : VALID – µs\n"},"volatile":{"load_average":[0.5,0.25,0.0]}}');
INSERT INTO "runs" VALUES('r3','6645b2f9858b69722dcf19d0b691a5fa680745f4e2b85dcfaf9b62a368415564','1dbd0e865919553ba0d178c2559cb0b1748fc938356b56c65ae934bafe617476','failed','none','2026-03-01T12:00:00.000000Z','evaluation','tiny','1.2.0','mock','0.3.1','squares','1.0.0','image_classification','online',1,4,3,0,'{"kind":"BackendError","what":"the mock broke","where":"mock","fix":"mend it"}','{"memory_bytes":{"baseline":1000,"peak":5000},"framework_report":{"threads":2,"precision":"f32","fused":true},"log_tail":"opened\nclosed: 100 % – done\n","probes":[{"rate_qps":50.0,"seed":3,"queries":100,"latency_ns":2000000,"lateness_ns":900,"holds":true,"reason":"","confirms":false},{"rate_qps":99.5,"seed":4,"queries":9,"latency_ns":null,"lateness_ns":null,"holds":false,"reason":"","confirms":false}],"energy":{"source":"rapl","joules":12.5,"idle_w":3.25,"per_inference_j":0.125,"reason":""},"artifacts":{"summary.txt":"Result is : VALID – µs\n"},"volatile":{"load_average":[0.5,0.25,0.0]}}');
CREATE TABLE stages (
	run_id VARCHAR(128) NOT NULL, 
	position INTEGER NOT NULL, 
	name VARCHAR(200) NOT NULL, 
	duration_ns BIGINT NOT NULL, 
	cpu_ns BIGINT NOT NULL, 
	PRIMARY KEY (run_id, position), 
	FOREIGN KEY(run_id) REFERENCES runs (id)
);
INSERT INTO "stages" VALUES('r1',0,'load',2000000,1500000);
INSERT INTO "stages" VALUES('r1',1,'first',900000,850000);
INSERT INTO "stages" VALUES('r2',0,'load',2000000,1500000);
INSERT INTO "stages" VALUES('r2',1,'first',900000,850000);
INSERT INTO "stages" VALUES('r3',0,'load',2000000,1500000);
INSERT INTO "stages" VALUES('r3',1,'first',900000,850000);
CREATE INDEX ix_runs_started_utc ON runs (started_utc);
CREATE INDEX ix_runs_model ON runs (model);
CREATE INDEX ix_runs_framework ON runs (framework);
CREATE INDEX ix_runs_dataset ON runs (dataset);
CREATE INDEX ix_runs_task ON runs (task);
CREATE INDEX ix_runs_scenario ON runs (scenario);
CREATE UNIQUE INDEX one_accepted_run ON runs (plan_digest, fingerprint) WHERE acceptance = 'accepted';
CREATE INDEX ix_metrics_name ON metrics (name);
COMMIT;
