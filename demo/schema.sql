create table tenants (
	id text primary key, slug text not null unique, name text not null, plan text not null default 'team',
	billing_email text not null default '', customer_number text not null default '',
	settings text not null default '{}', created_at text not null);

create table users (
	id text primary key, tenant_id text not null references tenants, email text not null unique, name text not null,
	password_hash blob not null, role text not null, status text not null default 'active', -- active, disabled, deleted
	locale text not null default 'en', timezone text not null default 'UTC',
	directory_id text not null default '', -- of the customer's identity provider, for administrators
	created_at text not null);
create index users_tenant on users (tenant_id);

create table sessions (
	id text primary key, user_id text not null references users, tenant_id text not null,
	cookie_hash text unique, user_agent text not null default '', created_at text not null,
	expires_at text not null, revoked_at text);
create index sessions_user on sessions (user_id);

create table refresh_tokens (
	id text primary key, session_id text not null references sessions, created_at text not null,
	expires_at text not null, used_at text);

create table password_resets (
	token_hash text primary key, user_id text not null references users, expires_at text not null, used_at text);

create table invitations (
	id text primary key, tenant_id text not null references tenants, email text not null, role text not null,
	token_hash text not null unique, invited_by text not null, created_at text not null, expires_at text not null,
	accepted_at text);
create index invitations_tenant on invitations (tenant_id);

create table api_keys (
	id text primary key, tenant_id text not null references tenants, user_id text not null references users,
	name text not null, prefix text not null, secret_hash text not null unique, scopes text not null,
	created_at text not null, last_used_at text, revoked_at text);
create index api_keys_tenant on api_keys (tenant_id);

create table chats (
	id text primary key, tenant_id text not null references tenants, user_id text not null, title text not null,
	model text not null, metadata text not null default '{}', archived integer not null default 0,
	created_at text not null, updated_at text not null);
create index chats_tenant on chats (tenant_id, created_at);

create table messages (
	id text primary key, tenant_id text not null references tenants, chat_id text not null references chats on delete cascade,
	user_id text not null default '', role text not null, content text not null, citations text not null default '[]',
	tokens integer not null default 0, created_at text not null, updated_at text not null);
create index messages_chat on messages (chat_id, created_at);

create table feedback (
	id text primary key, tenant_id text not null, chat_id text not null, message_id text not null references messages on delete cascade,
	user_id text not null, rating text not null, comment text not null default '', created_at text not null);
create index feedback_message on feedback (message_id);

create table shares (
	id text primary key, token text not null unique, tenant_id text not null,
	chat_id text not null references chats on delete cascade, created_by text not null, created_at text not null, revoked_at text);
create index shares_chat on shares (chat_id);

create table files (
	id text primary key, tenant_id text not null references tenants, user_id text not null, name text not null,
	media_type text not null, size integer not null, content blob not null, metadata text not null default '{}',
	created_at text not null);
create index files_tenant on files (tenant_id);

create table collections (
	id text not null unique, tenant_id text not null references tenants, slug text not null, name text not null,
	description text not null default '', created_at text not null, updated_at text not null,
	primary key (tenant_id, slug));

create table documents (
	id text primary key, tenant_id text not null, collection_id text not null references collections (id) on delete cascade,
	title text not null, text text not null, created_at text not null, updated_at text not null);
create index documents_collection on documents (collection_id);
create index documents_tenant on documents (tenant_id);

create table prompts (
	tenant_id text not null references tenants, number integer not null, title text not null, text text not null,
	created_by text not null, created_at text not null, updated_at text not null, primary key (tenant_id, number));

create table articles (id text primary key, title text not null, body text not null, updated_at text not null);

create table exports (
	id text primary key, tenant_id text not null references tenants, user_id text not null, kind text not null,
	status text not null, content blob not null default '', created_at text not null);
create index exports_tenant on exports (tenant_id);

create table reports (
	id text primary key, tenant_id text not null references tenants, title text not null, body text not null, created_at text not null);
create index reports_tenant on reports (tenant_id);

create table invoices (
	id text primary key, tenant_id text not null references tenants, number text not null, memo text not null,
	amount_cents integer not null, currency text not null default 'EUR', status text not null, issued_at text not null);
create index invoices_tenant on invoices (tenant_id);

create table usage_events (
	id integer primary key, tenant_id text not null, user_id text not null, kind text not null, -- message, token, upload, search
	quantity integer not null, created_at text not null);
create index usage_tenant on usage_events (tenant_id, kind);

create table webhook_endpoints (
	id text primary key, tenant_id text not null references tenants, url text not null, events text not null,
	description text not null default '', secret text not null, created_at text not null, unique (tenant_id, url));

create table crm_events (
	id text primary key, tenant_id text not null, type text not null, payload text not null, received_at text not null);

create table tickets (
	id text primary key, tenant_id text not null references tenants, user_id text not null, title text not null,
	text text not null default '', category text not null default 'question', priority integer not null default 3,
	contact text not null default '', tags text not null default '[]', more text not null default 'null',
	status text not null, created_at text not null);
create index tickets_tenant on tickets (tenant_id);

create table crm_notes (
	id text primary key, tenant_id text not null references tenants, user_id text not null, text text not null, created_at text not null);
create index crm_notes_tenant on crm_notes (tenant_id);

create table audit_log (
	id text primary key, tenant_id text not null, actor_id text not null, action text not null,
	subject text not null default '', detail text not null default '', created_at text not null);
create index audit_log_tenant on audit_log (tenant_id, created_at);

create table flags (
	tenant_id text not null references tenants, name text not null, enabled integer not null, primary key (tenant_id, name));

create table chat_numbers (number integer primary key autoincrement);
