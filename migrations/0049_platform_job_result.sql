-- Where what a job made is read.
alter table platform_job add column result_href text;
comment on column platform_job.result_href is 'path at which what the job made is read; null: its rows say all';
