
CREATE FUNCTION doorstep_audience() RETURNS text LANGUAGE sql STABLE PARALLEL SAFE AS
  $$SELECT coalesce(current_setting('doorstep.audience', true), '')$$;
CREATE FUNCTION doorstep_subject() RETURNS uuid LANGUAGE sql STABLE PARALLEL SAFE AS
  $$SELECT nullif(current_setting('doorstep.subject', true), '')::uuid$$;
CREATE FUNCTION doorstep_tenant() RETURNS uuid LANGUAGE sql STABLE PARALLEL SAFE AS
  $$SELECT nullif(current_setting('doorstep.tenant', true), '')::uuid$$;
CREATE TABLE access_generations (
	id BIGSERIAL NOT NULL, 
	generation BIGINT NOT NULL, 
	CONSTRAINT pk_access_generations PRIMARY KEY (id)
);
CREATE TABLE access_keys (
	id UUID NOT NULL, 
	merchant_id UUID, 
	provider_id UUID, 
	digest BYTEA NOT NULL, 
	prefix TEXT NOT NULL, 
	label TEXT NOT NULL, 
	scopes JSONB NOT NULL, 
	created_wall TIMESTAMP WITH TIME ZONE NOT NULL, 
	expires_wall TIMESTAMP WITH TIME ZONE, 
	revoked_wall TIMESTAMP WITH TIME ZONE, 
	last_used_wall TIMESTAMP WITH TIME ZONE, 
	CONSTRAINT pk_access_keys PRIMARY KEY (id), 
	CONSTRAINT ck_access_keys_one_holder CHECK ((merchant_id IS NULL) <> (provider_id IS NULL)), 
	CONSTRAINT uq_access_keys_digest UNIQUE (digest)
);
CREATE INDEX ix_access_keys_merchant_id ON access_keys (merchant_id);
CREATE INDEX ix_access_keys_provider_id ON access_keys (provider_id);
CREATE TABLE arrival_plans (
	delivery_id UUID NOT NULL, 
	market_id UUID NOT NULL, 
	arrive_at TIMESTAMP WITH TIME ZONE NOT NULL, 
	doors_before BIGINT NOT NULL, 
	made_at TIMESTAMP WITH TIME ZONE NOT NULL, 
	CONSTRAINT pk_arrival_plans PRIMARY KEY (delivery_id)
);
CREATE TABLE audit (
	id BIGINT GENERATED ALWAYS AS IDENTITY, 
	at TIMESTAMP WITH TIME ZONE NOT NULL, 
	at_wall TIMESTAMP WITH TIME ZONE NOT NULL, 
	audience TEXT NOT NULL, 
	actor_id UUID, 
	actor TEXT NOT NULL, 
	tenant UUID, 
	act TEXT NOT NULL, 
	subject TEXT NOT NULL, 
	before JSONB NOT NULL, 
	after JSONB NOT NULL, 
	reason TEXT NOT NULL, 
	hash BYTEA NOT NULL, 
	CONSTRAINT pk_audit PRIMARY KEY (id)
);
CREATE INDEX ix_audit_act ON audit (act text_pattern_ops, id);
CREATE INDEX ix_audit_actor ON audit (actor text_pattern_ops, id);
CREATE INDEX ix_audit_subject ON audit (subject, id);
CREATE TABLE audit_heads (
	id BIGSERIAL NOT NULL, 
	head BYTEA NOT NULL, 
	CONSTRAINT pk_audit_heads PRIMARY KEY (id)
);
CREATE TABLE deliveries (
	id UUID NOT NULL, 
	merchant_id UUID NOT NULL, 
	market_id UUID NOT NULL, 
	store_id UUID NOT NULL, 
	external_id TEXT NOT NULL, 
	quote_id UUID, 
	state TEXT NOT NULL, 
	service_level TEXT NOT NULL, 
	pickup JSONB NOT NULL, 
	dropoff JSONB NOT NULL, 
	dropoff_lat FLOAT NOT NULL, 
	dropoff_lng FLOAT NOT NULL, 
	shopper_first_name TEXT NOT NULL, 
	shopper_last_name TEXT NOT NULL, 
	requirements JSONB NOT NULL, 
	return_policy TEXT NOT NULL, 
	items BIGINT NOT NULL, 
	units BIGINT NOT NULL, 
	weight_g BIGINT NOT NULL, 
	cart_minor BIGINT NOT NULL, 
	manifest JSONB NOT NULL, 
	ready_at TIMESTAMP WITH TIME ZONE NOT NULL, 
	wanted_from TIMESTAMP WITH TIME ZONE NOT NULL, 
	earliest_drop_at TIMESTAMP WITH TIME ZONE, 
	due_at TIMESTAMP WITH TIME ZONE NOT NULL, 
	leg_m BIGINT NOT NULL, 
	leg_s BIGINT NOT NULL, 
	fee_minor BIGINT NOT NULL, 
	fee_lines JSONB NOT NULL, 
	tip_minor BIGINT NOT NULL, 
	tip_status TEXT NOT NULL, 
	tip_limit_minor BIGINT NOT NULL, 
	tip_promised_minor BIGINT NOT NULL, 
	currency TEXT NOT NULL, 
	pin_sealed BYTEA, 
	pin_failures BIGINT NOT NULL, 
	driver_id UUID, 
	trip_id UUID, 
	provider_id UUID, 
	provider_job_id UUID, 
	carrier_note JSONB NOT NULL, 
	offered_to UUID[] NOT NULL, 
	let_go_by UUID, 
	moved_device_at TIMESTAMP WITH TIME ZONE, 
	version BIGINT NOT NULL, 
	events_count BIGINT NOT NULL, 
	attempts BIGINT NOT NULL, 
	created_at TIMESTAMP WITH TIME ZONE NOT NULL, 
	created_wall TIMESTAMP WITH TIME ZONE NOT NULL, 
	assigned_at TIMESTAMP WITH TIME ZONE, 
	picked_up_at TIMESTAMP WITH TIME ZONE, 
	ended_at TIMESTAMP WITH TIME ZONE, 
	ended_by TEXT NOT NULL, 
	end_reason TEXT NOT NULL, 
	CONSTRAINT pk_deliveries PRIMARY KEY (id), 
	CONSTRAINT ck_deliveries_one_carrier CHECK (driver_id IS NULL OR provider_job_id IS NULL)
);
CREATE INDEX ix_deliveries_driver ON deliveries (driver_id) WHERE driver_id IS NOT NULL;
CREATE INDEX ix_deliveries_ended ON deliveries (market_id, ended_at);
CREATE INDEX ix_deliveries_external ON deliveries (merchant_id, external_id);
CREATE INDEX ix_deliveries_market_open ON deliveries (market_id, state) WHERE state NOT IN ('delivered', 'returned', 'cancelled', 'expired');
CREATE INDEX ix_deliveries_merchant ON deliveries (merchant_id, id);
CREATE INDEX ix_deliveries_trip ON deliveries (trip_id) WHERE trip_id IS NOT NULL;
CREATE UNIQUE INDEX uq_deliveries_external ON deliveries (merchant_id, external_id) WHERE external_id <> '' AND state NOT IN ('delivered', 'returned', 'cancelled', 'expired');
CREATE TABLE delivery_events (
	delivery_id UUID NOT NULL, 
	seq BIGINT NOT NULL, 
	merchant_id UUID NOT NULL, 
	name TEXT NOT NULL, 
	at TIMESTAMP WITH TIME ZONE NOT NULL, 
	at_wall TIMESTAMP WITH TIME ZONE NOT NULL, 
	device_at TIMESTAMP WITH TIME ZONE, 
	audience TEXT NOT NULL, 
	actor TEXT NOT NULL, 
	state_before TEXT NOT NULL, 
	state_after TEXT NOT NULL, 
	body JSONB NOT NULL, 
	CONSTRAINT pk_delivery_events PRIMARY KEY (delivery_id, seq)
);
CREATE TABLE delivery_reports (
	delivery_id UUID NOT NULL, 
	report_id TEXT NOT NULL, 
	kind TEXT NOT NULL, 
	device_at TIMESTAMP WITH TIME ZONE, 
	at TIMESTAMP WITH TIME ZONE NOT NULL, 
	counted BOOLEAN NOT NULL, 
	CONSTRAINT pk_delivery_reports PRIMARY KEY (delivery_id, report_id)
);
CREATE TABLE demo_entries (
	role TEXT NOT NULL, 
	subject UUID NOT NULL, 
	tenant UUID, 
	CONSTRAINT pk_demo_entries PRIMARY KEY (role)
);
CREATE TABLE dispatch_reasons (
	delivery_id UUID NOT NULL, 
	tick_id UUID NOT NULL, 
	market_id UUID NOT NULL, 
	at TIMESTAMP WITH TIME ZONE NOT NULL, 
	kind TEXT NOT NULL, 
	sentence TEXT NOT NULL, 
	facts JSONB NOT NULL, 
	offer_id UUID, 
	CONSTRAINT pk_dispatch_reasons PRIMARY KEY (delivery_id, tick_id)
);
CREATE INDEX ix_dispatch_reasons_delivery_at ON dispatch_reasons (delivery_id, at);
CREATE TABLE dispatch_states (
	market_id UUID NOT NULL, 
	plan JSONB NOT NULL, 
	ticks BIGINT NOT NULL, 
	ticked_at TIMESTAMP WITH TIME ZONE, 
	called_at TIMESTAMP WITH TIME ZONE, 
	tick_id UUID, 
	CONSTRAINT pk_dispatch_states PRIMARY KEY (market_id)
);
CREATE TABLE dispatch_ticks (
	id UUID NOT NULL, 
	market_id UUID NOT NULL, 
	number BIGINT NOT NULL, 
	at TIMESTAMP WITH TIME ZONE NOT NULL, 
	cause TEXT NOT NULL, 
	epoch BIGINT NOT NULL, 
	orders BIGINT NOT NULL, 
	drivers BIGINT NOT NULL, 
	sends BIGINT NOT NULL, 
	stale BIGINT NOT NULL, 
	engine_us BIGINT NOT NULL, 
	record_key TEXT NOT NULL, 
	CONSTRAINT pk_dispatch_ticks PRIMARY KEY (id)
);
CREATE INDEX ix_dispatch_ticks_market ON dispatch_ticks (market_id, number);
CREATE TABLE driver_phones (
	driver_id UUID NOT NULL, 
	phone TEXT NOT NULL, 
	registered_wall TIMESTAMP WITH TIME ZONE NOT NULL, 
	CONSTRAINT pk_driver_phones PRIMARY KEY (driver_id), 
	CONSTRAINT uq_driver_phones_phone UNIQUE (phone)
);
CREATE TABLE driver_positions (
	driver_id UUID NOT NULL, 
	market_id UUID NOT NULL, 
	lat FLOAT NOT NULL, 
	lng FLOAT NOT NULL, 
	accuracy_m BIGINT, 
	heading_deg BIGINT, 
	speed_mps FLOAT, 
	device_at TIMESTAMP WITH TIME ZONE NOT NULL, 
	at TIMESTAMP WITH TIME ZONE NOT NULL, 
	CONSTRAINT pk_driver_positions PRIMARY KEY (driver_id)
);
CREATE INDEX ix_driver_positions_market ON driver_positions (market_id, at);
CREATE TABLE drivers (
	id UUID NOT NULL, 
	market_id UUID NOT NULL, 
	first_name TEXT NOT NULL, 
	last_name TEXT NOT NULL, 
	phone TEXT NOT NULL, 
	vehicle_kind TEXT NOT NULL, 
	vehicle_make TEXT NOT NULL, 
	vehicle_colour TEXT NOT NULL, 
	capacity_units BIGINT NOT NULL, 
	abilities JSONB NOT NULL, 
	state TEXT NOT NULL, 
	state_reason TEXT NOT NULL, 
	on_duty BOOLEAN NOT NULL, 
	duty_since TIMESTAMP WITH TIME ZONE NOT NULL, 
	duty_until TIMESTAMP WITH TIME ZONE, 
	longer_to_answer BOOLEAN NOT NULL, 
	events_count BIGINT NOT NULL, 
	created_at TIMESTAMP WITH TIME ZONE NOT NULL, 
	created_wall TIMESTAMP WITH TIME ZONE NOT NULL, 
	CONSTRAINT pk_drivers PRIMARY KEY (id), 
	CONSTRAINT ck_drivers_carries_something CHECK (capacity_units > 0), 
	CONSTRAINT uq_drivers_phone UNIQUE (phone)
);
CREATE INDEX ix_drivers_market ON drivers (market_id, id);
CREATE INDEX ix_drivers_on_duty ON drivers (market_id) WHERE on_duty;
CREATE TABLE earnings (
	delivery_id UUID NOT NULL, 
	trip_id UUID NOT NULL, 
	kind TEXT NOT NULL, 
	version BIGINT NOT NULL, 
	driver_id UUID NOT NULL, 
	market_id UUID NOT NULL, 
	amount_minor BIGINT NOT NULL, 
	currency TEXT NOT NULL, 
	promised BOOLEAN NOT NULL, 
	why TEXT NOT NULL, 
	at TIMESTAMP WITH TIME ZONE NOT NULL, 
	day DATE NOT NULL, 
	CONSTRAINT pk_earnings PRIMARY KEY (delivery_id, trip_id, kind, version)
);
CREATE INDEX ix_earnings_driver ON earnings (driver_id, at);
CREATE TABLE entry_links (
	id UUID NOT NULL, 
	digest BYTEA NOT NULL, 
	staff_id UUID, 
	user_id UUID, 
	merchant_id UUID, 
	made_wall TIMESTAMP WITH TIME ZONE NOT NULL, 
	spent_wall TIMESTAMP WITH TIME ZONE, 
	CONSTRAINT pk_entry_links PRIMARY KEY (id), 
	CONSTRAINT uq_entry_links_digest UNIQUE (digest)
);
CREATE INDEX ix_entry_links_staff_id ON entry_links (staff_id);
CREATE TABLE fix_history (
	id BIGINT GENERATED ALWAYS AS IDENTITY, 
	driver UUID NOT NULL, 
	market_id UUID NOT NULL, 
	lat FLOAT NOT NULL, 
	lng FLOAT NOT NULL, 
	accuracy_m BIGINT, 
	heading_deg BIGINT, 
	speed_mps FLOAT, 
	device_at TIMESTAMP WITH TIME ZONE NOT NULL, 
	at TIMESTAMP WITH TIME ZONE NOT NULL, 
	CONSTRAINT pk_fix_history PRIMARY KEY (id)
);
CREATE INDEX ix_fix_history_at ON fix_history USING brin (at);
CREATE INDEX ix_fix_history_driver ON fix_history (driver, device_at);
CREATE TABLE idempotency_keys (
	tenant UUID NOT NULL, 
	route TEXT NOT NULL, 
	key TEXT NOT NULL, 
	body_hash BYTEA NOT NULL, 
	status BIGINT NOT NULL, 
	answer BYTEA NOT NULL, 
	created_wall TIMESTAMP WITH TIME ZONE NOT NULL, 
	CONSTRAINT pk_idempotency_keys PRIMARY KEY (tenant, route, key)
);
CREATE INDEX ix_idempotency_keys_created_wall ON idempotency_keys (created_wall);
CREATE TABLE jobs (
	id BIGINT GENERATED ALWAYS AS IDENTITY, 
	handler TEXT NOT NULL, 
	stream TEXT, 
	seq BIGINT, 
	key TEXT, 
	market_id UUID, 
	payload BYTEA NOT NULL, 
	due_market TIMESTAMP WITH TIME ZONE, 
	due_wall TIMESTAMP WITH TIME ZONE, 
	state TEXT DEFAULT 'waiting' NOT NULL, 
	attempts BIGINT DEFAULT '0' NOT NULL, 
	failures BIGINT DEFAULT '0' NOT NULL, 
	lease UUID, 
	leased_until_wall TIMESTAMP WITH TIME ZONE, 
	last_error TEXT DEFAULT '' NOT NULL, 
	created_wall TIMESTAMP WITH TIME ZONE NOT NULL, 
	CONSTRAINT pk_jobs PRIMARY KEY (id)
);
CREATE INDEX ix_jobs_due_market ON jobs (due_market) WHERE state <> 'dead';
CREATE INDEX ix_jobs_due_wall ON jobs (due_wall) WHERE state <> 'dead';
CREATE INDEX ix_jobs_stream ON jobs (handler, stream, seq) WHERE stream IS NOT NULL;
CREATE UNIQUE INDEX uq_jobs_key ON jobs (handler, key) WHERE key IS NOT NULL;
CREATE TABLE leases (
	name TEXT NOT NULL, 
	owner UUID NOT NULL, 
	epoch BIGINT NOT NULL, 
	until_wall TIMESTAMP WITH TIME ZONE NOT NULL, 
	CONSTRAINT pk_leases PRIMARY KEY (name)
);
CREATE TABLE ledger_owed (
	merchant_id UUID NOT NULL, 
	currency TEXT NOT NULL, 
	posted_minor BIGINT NOT NULL, 
	pending_minor BIGINT NOT NULL, 
	CONSTRAINT pk_ledger_owed PRIMARY KEY (merchant_id, currency)
);
CREATE TABLE ledger_transactions (
	id UUID NOT NULL, 
	fact TEXT COLLATE "C" NOT NULL, 
	kind TEXT NOT NULL, 
	state TEXT NOT NULL, 
	lines BIGINT NOT NULL, 
	content_hash TEXT NOT NULL, 
	memo TEXT NOT NULL, 
	at TIMESTAMP WITH TIME ZONE NOT NULL, 
	market_id UUID, 
	tenant_id UUID, 
	settles UUID, 
	reverses UUID, 
	CONSTRAINT pk_ledger_transactions PRIMARY KEY (id), 
	CONSTRAINT ck_ledger_transactions_state CHECK (state IN ('pending', 'posted')), 
	CONSTRAINT ck_ledger_transactions_lines CHECK (lines >= 2), 
	CONSTRAINT uq_ledger_transactions_fact UNIQUE (fact), 
	CONSTRAINT uq_ledger_transactions_settles UNIQUE (settles), 
	CONSTRAINT fk_ledger_transactions_settles_ledger_transactions FOREIGN KEY(settles) REFERENCES ledger_transactions (id), 
	CONSTRAINT uq_ledger_transactions_reverses UNIQUE (reverses), 
	CONSTRAINT fk_ledger_transactions_reverses_ledger_transactions FOREIGN KEY(reverses) REFERENCES ledger_transactions (id)
);
CREATE INDEX ix_ledger_transactions_at ON ledger_transactions (at);
CREATE INDEX ix_ledger_transactions_market_id_at ON ledger_transactions (market_id, at);
CREATE TABLE market_changes (
	market_id UUID NOT NULL, 
	seq BIGINT NOT NULL, 
	kind TEXT NOT NULL, 
	at TIMESTAMP WITH TIME ZONE NOT NULL, 
	at_wall TIMESTAMP WITH TIME ZONE NOT NULL, 
	actor TEXT NOT NULL, 
	before JSONB NOT NULL, 
	after JSONB NOT NULL, 
	reason TEXT NOT NULL, 
	CONSTRAINT pk_market_changes PRIMARY KEY (market_id, seq)
);
CREATE TABLE market_figures (
	market_id UUID NOT NULL, 
	name TEXT NOT NULL, 
	timezone TEXT NOT NULL, 
	open BIGINT NOT NULL, 
	delivered BIGINT NOT NULL, 
	drivers_online BIGINT NOT NULL, 
	offers_open BIGINT NOT NULL, 
	ledger_difference_minor BIGINT NOT NULL, 
	promised_minus_paid_minor BIGINT NOT NULL, 
	at TIMESTAMP WITH TIME ZONE NOT NULL, 
	at_wall TIMESTAMP WITH TIME ZONE NOT NULL, 
	CONSTRAINT pk_market_figures PRIMARY KEY (market_id)
);
CREATE TABLE markets (
	id UUID NOT NULL, 
	slug TEXT NOT NULL, 
	name TEXT NOT NULL, 
	timezone TEXT NOT NULL, 
	outline JSONB NOT NULL, 
	south FLOAT NOT NULL, 
	north FLOAT NOT NULL, 
	west FLOAT NOT NULL, 
	east FLOAT NOT NULL, 
	stage TEXT NOT NULL, 
	rules JSONB NOT NULL, 
	tick_s BIGINT NOT NULL, 
	dispatch JSONB NOT NULL, 
	fallback JSONB NOT NULL, 
	currency TEXT NOT NULL, 
	changes_count BIGINT NOT NULL, 
	created_at TIMESTAMP WITH TIME ZONE NOT NULL, 
	created_wall TIMESTAMP WITH TIME ZONE NOT NULL, 
	CONSTRAINT pk_markets PRIMARY KEY (id), 
	CONSTRAINT uq_markets_slug UNIQUE (slug)
);
CREATE TABLE merchant_terms (
	merchant_id UUID NOT NULL, 
	credit_limit_minor BIGINT NOT NULL, 
	currency TEXT NOT NULL, 
	prepaid BOOLEAN NOT NULL, 
	tariff_kind TEXT NOT NULL, 
	CONSTRAINT pk_merchant_terms PRIMARY KEY (merchant_id), 
	CONSTRAINT ck_merchant_terms_no_negative_credit CHECK (credit_limit_minor >= 0)
);
CREATE TABLE merchant_users (
	id UUID NOT NULL, 
	merchant_id UUID NOT NULL, 
	email TEXT NOT NULL, 
	name TEXT NOT NULL, 
	role TEXT NOT NULL, 
	store_id UUID, 
	password_hash TEXT, 
	created_wall TIMESTAMP WITH TIME ZONE NOT NULL, 
	disabled_wall TIMESTAMP WITH TIME ZONE, 
	CONSTRAINT pk_merchant_users PRIMARY KEY (id), 
	CONSTRAINT uq_merchant_users_email UNIQUE (email)
);
CREATE INDEX ix_merchant_users_merchant_id ON merchant_users (merchant_id);
CREATE TABLE merchants (
	id UUID NOT NULL, 
	name TEXT NOT NULL, 
	slug TEXT NOT NULL, 
	brand JSONB NOT NULL, 
	batching BOOLEAN NOT NULL, 
	events_count BIGINT NOT NULL, 
	created_at TIMESTAMP WITH TIME ZONE NOT NULL, 
	created_wall TIMESTAMP WITH TIME ZONE NOT NULL, 
	CONSTRAINT pk_merchants PRIMARY KEY (id), 
	CONSTRAINT uq_merchants_slug UNIQUE (slug)
);
CREATE TABLE network (
	id BIGINT DEFAULT '1' NOT NULL, 
	mode TEXT NOT NULL, 
	scaled BOOLEAN NOT NULL, 
	anchor_market TIMESTAMP WITH TIME ZONE NOT NULL, 
	anchor_wall TIMESTAMP WITH TIME ZONE NOT NULL, 
	speed DOUBLE PRECISION NOT NULL, 
	speed_before DOUBLE PRECISION NOT NULL, 
	usual_speed DOUBLE PRECISION NOT NULL, 
	beat_market TIMESTAMP WITH TIME ZONE NOT NULL, 
	beat_wall TIMESTAMP WITH TIME ZONE NOT NULL, 
	CONSTRAINT pk_network PRIMARY KEY (id)
);
CREATE TABLE notification_wishes (
	merchant_id UUID NOT NULL, 
	moments TEXT[] NOT NULL, 
	language TEXT NOT NULL, 
	changed_wall TIMESTAMP WITH TIME ZONE NOT NULL, 
	CONSTRAINT pk_notification_wishes PRIMARY KEY (merchant_id)
);
CREATE TABLE notifications (
	delivery_id UUID NOT NULL, 
	moment TEXT NOT NULL, 
	merchant_id UUID NOT NULL, 
	market_id UUID NOT NULL, 
	state TEXT NOT NULL, 
	phone_end TEXT NOT NULL, 
	text TEXT NOT NULL, 
	why TEXT NOT NULL, 
	attempts BIGINT NOT NULL, 
	made_at TIMESTAMP WITH TIME ZONE NOT NULL, 
	made_wall TIMESTAMP WITH TIME ZONE NOT NULL, 
	sent_wall TIMESTAMP WITH TIME ZONE, 
	CONSTRAINT pk_notifications PRIMARY KEY (delivery_id, moment)
);
CREATE INDEX ix_notifications_made_wall ON notifications (made_wall);
CREATE TABLE offer_refusals (
	delivery_id UUID NOT NULL, 
	driver_id UUID NOT NULL, 
	market_id UUID NOT NULL, 
	answer TEXT NOT NULL, 
	times BIGINT NOT NULL, 
	extra_minor BIGINT NOT NULL, 
	final BOOLEAN NOT NULL, 
	at TIMESTAMP WITH TIME ZONE NOT NULL, 
	CONSTRAINT pk_offer_refusals PRIMARY KEY (delivery_id, driver_id)
);
CREATE TABLE offers (
	id UUID NOT NULL, 
	market_id UUID NOT NULL, 
	mode TEXT NOT NULL, 
	state TEXT NOT NULL, 
	driver_ids UUID[] NOT NULL, 
	delivery_ids UUID[] NOT NULL, 
	directed_to UUID, 
	terms JSONB NOT NULL, 
	terms_hash TEXT NOT NULL, 
	legs_s JSONB NOT NULL, 
	pickup_stop_s BIGINT NOT NULL, 
	drop_stop_s BIGINT NOT NULL, 
	tick_id UUID, 
	next_best_min FLOAT, 
	awaiting BIGINT NOT NULL, 
	shown_at TIMESTAMP WITH TIME ZONE NOT NULL, 
	shown_wall TIMESTAMP WITH TIME ZONE NOT NULL, 
	expires_at TIMESTAMP WITH TIME ZONE NOT NULL, 
	accepted_by UUID, 
	trip_id UUID, 
	closed_at TIMESTAMP WITH TIME ZONE, 
	why TEXT NOT NULL, 
	events_count BIGINT NOT NULL, 
	CONSTRAINT pk_offers PRIMARY KEY (id), 
	CONSTRAINT ck_offers_accepted_by_one CHECK ((state = 'accepted') = (accepted_by IS NOT NULL))
);
CREATE INDEX ix_offers_asked ON offers USING gin (driver_ids) WHERE state = 'open';
CREATE INDEX ix_offers_market ON offers (market_id, id);
CREATE INDEX ix_offers_open ON offers (market_id, expires_at) WHERE state = 'open';
CREATE INDEX ix_offers_shown ON offers (market_id, shown_at);
CREATE UNIQUE INDEX uq_offers_directed ON offers (directed_to) WHERE state = 'open' AND directed_to IS NOT NULL;
CREATE TABLE pay_rates (
	id UUID NOT NULL, 
	market_id UUID NOT NULL, 
	valid_from TIMESTAMP WITH TIME ZONE NOT NULL, 
	rates JSONB NOT NULL, 
	CONSTRAINT pk_pay_rates PRIMARY KEY (id)
);
CREATE INDEX ix_pay_rates_from ON pay_rates (market_id, valid_from);
CREATE TABLE proofs (
	id UUID NOT NULL, 
	delivery_id UUID NOT NULL, 
	kind TEXT NOT NULL, 
	ok BOOLEAN NOT NULL, 
	at TIMESTAMP WITH TIME ZONE NOT NULL, 
	device_at TIMESTAMP WITH TIME ZONE, 
	blob_key TEXT NOT NULL, 
	media_type TEXT NOT NULL, 
	result JSONB NOT NULL, 
	CONSTRAINT pk_proofs PRIMARY KEY (id)
);
CREATE INDEX ix_proofs_delivery ON proofs (delivery_id);
CREATE TABLE provider_deals (
	id UUID NOT NULL, 
	provider_id UUID NOT NULL, 
	market_id UUID NOT NULL, 
	service_levels TEXT[] NOT NULL, 
	starts_at TIMESTAMP WITH TIME ZONE NOT NULL, 
	ends_at TIMESTAMP WITH TIME ZONE, 
	pricing TEXT NOT NULL, 
	flat_minor BIGINT NOT NULL, 
	per_mile_minor BIGINT NOT NULL, 
	most_minor BIGINT, 
	currency TEXT NOT NULL, 
	abilities TEXT[] NOT NULL, 
	heaviest_g BIGINT NOT NULL, 
	furthest_m BIGINT NOT NULL, 
	areas TEXT[] NOT NULL, 
	rank BIGINT NOT NULL, 
	CONSTRAINT pk_provider_deals PRIMARY KEY (id), 
	CONSTRAINT ck_provider_deals_in_order CHECK (ends_at IS NULL OR starts_at < ends_at)
);
CREATE INDEX ix_provider_deals_market ON provider_deals (market_id, starts_at);
CREATE INDEX ix_provider_deals_provider_id ON provider_deals (provider_id);
CREATE TABLE provider_jobs (
	id UUID NOT NULL, 
	reference TEXT NOT NULL, 
	delivery_id UUID NOT NULL, 
	market_id UUID NOT NULL, 
	provider_id UUID NOT NULL, 
	deal_id UUID NOT NULL, 
	state TEXT NOT NULL, 
	why TEXT NOT NULL, 
	quote_id TEXT NOT NULL, 
	external_id TEXT NOT NULL, 
	fee_minor BIGINT NOT NULL, 
	currency TEXT NOT NULL, 
	told TEXT NOT NULL, 
	courier_name TEXT NOT NULL, 
	vehicle TEXT NOT NULL, 
	lat FLOAT, 
	lng FLOAT, 
	position_at TIMESTAMP WITH TIME ZONE, 
	proof_url TEXT NOT NULL, 
	refusal TEXT NOT NULL, 
	lookups BIGINT NOT NULL, 
	absences BIGINT NOT NULL, 
	polls BIGINT NOT NULL, 
	events_count BIGINT NOT NULL, 
	asked_at TIMESTAMP WITH TIME ZONE NOT NULL, 
	booked_at TIMESTAMP WITH TIME ZONE, 
	unconfirmed_since TIMESTAMP WITH TIME ZONE, 
	looked_at TIMESTAMP WITH TIME ZONE, 
	ended_at TIMESTAMP WITH TIME ZONE, 
	CONSTRAINT pk_provider_jobs PRIMARY KEY (id), 
	CONSTRAINT uq_provider_jobs_reference UNIQUE (reference)
);
CREATE INDEX ix_provider_jobs_delivery ON provider_jobs (delivery_id, id);
CREATE INDEX ix_provider_jobs_open ON provider_jobs (state) WHERE ended_at IS NULL;
CREATE INDEX ix_provider_jobs_provider ON provider_jobs (provider_id, id);
CREATE UNIQUE INDEX uq_provider_jobs_live ON provider_jobs (delivery_id) WHERE state IN ('asked', 'booking', 'booked', 'calling_off');
CREATE TABLE provider_webhooks (
	provider_id UUID NOT NULL, 
	event_id TEXT NOT NULL, 
	heard_wall TIMESTAMP WITH TIME ZONE NOT NULL, 
	reference TEXT NOT NULL, 
	CONSTRAINT pk_provider_webhooks PRIMARY KEY (provider_id, event_id)
);
CREATE TABLE providers (
	id UUID NOT NULL, 
	name TEXT NOT NULL, 
	slug TEXT NOT NULL, 
	state TEXT NOT NULL, 
	webhook_secret_sealed BYTEA NOT NULL, 
	created_at TIMESTAMP WITH TIME ZONE NOT NULL, 
	CONSTRAINT pk_providers PRIMARY KEY (id), 
	CONSTRAINT uq_providers_slug UNIQUE (slug)
);
CREATE TABLE quotes (
	id UUID NOT NULL, 
	merchant_id UUID NOT NULL, 
	market_id UUID NOT NULL, 
	store_id UUID NOT NULL, 
	wanted JSONB NOT NULL, 
	precision TEXT NOT NULL, 
	note TEXT NOT NULL, 
	leg_m BIGINT NOT NULL, 
	leg_s BIGINT NOT NULL, 
	price JSONB NOT NULL, 
	promise JSONB NOT NULL, 
	tariff JSONB NOT NULL, 
	fingerprint TEXT NOT NULL, 
	created_at TIMESTAMP WITH TIME ZONE NOT NULL, 
	expires_at TIMESTAMP WITH TIME ZONE NOT NULL, 
	used_at TIMESTAMP WITH TIME ZONE, 
	CONSTRAINT pk_quotes PRIMARY KEY (id)
);
CREATE INDEX ix_quotes_merchant ON quotes (merchant_id, id);
CREATE INDEX ix_quotes_unused ON quotes (expires_at) WHERE used_at IS NULL;
CREATE TABLE reckonings (
	delivery_id UUID NOT NULL, 
	trip_id UUID NOT NULL, 
	driver_id UUID NOT NULL, 
	market_id UUID NOT NULL, 
	offer_id UUID NOT NULL, 
	ending TEXT NOT NULL, 
	offered_minor BIGINT NOT NULL, 
	due_minor BIGINT NOT NULL, 
	currency TEXT NOT NULL, 
	terms_hash TEXT NOT NULL, 
	inputs JSONB NOT NULL, 
	at TIMESTAMP WITH TIME ZONE NOT NULL, 
	day DATE NOT NULL, 
	CONSTRAINT pk_reckonings PRIMARY KEY (delivery_id, trip_id)
);
CREATE INDEX ix_reckonings_driver ON reckonings (driver_id, at);
CREATE INDEX ix_reckonings_market ON reckonings (market_id, day);
CREATE TABLE safety_calls (
	driver_id UUID NOT NULL, 
	report_id TEXT NOT NULL, 
	market_id UUID NOT NULL, 
	kind TEXT NOT NULL, 
	lat FLOAT, 
	lng FLOAT, 
	note TEXT NOT NULL, 
	at TIMESTAMP WITH TIME ZONE NOT NULL, 
	at_wall TIMESTAMP WITH TIME ZONE NOT NULL, 
	CONSTRAINT pk_safety_calls PRIMARY KEY (driver_id, report_id)
);
CREATE INDEX ix_safety_calls_at ON safety_calls (at);
CREATE TABLE sessions (
	id UUID NOT NULL, 
	digest BYTEA NOT NULL, 
	audience TEXT NOT NULL, 
	subject UUID NOT NULL, 
	tenant UUID, 
	opened_wall TIMESTAMP WITH TIME ZONE NOT NULL, 
	seen_wall TIMESTAMP WITH TIME ZONE NOT NULL, 
	CONSTRAINT pk_sessions PRIMARY KEY (id), 
	CONSTRAINT uq_sessions_digest UNIQUE (digest)
);
CREATE INDEX ix_sessions_subject ON sessions (subject, audience);
CREATE TABLE sign_in_codes (
	id UUID NOT NULL, 
	phone TEXT NOT NULL, 
	mac BYTEA NOT NULL, 
	asked_wall TIMESTAMP WITH TIME ZONE NOT NULL, 
	tries BIGINT NOT NULL, 
	spent_wall TIMESTAMP WITH TIME ZONE, 
	CONSTRAINT pk_sign_in_codes PRIMARY KEY (id)
);
CREATE INDEX ix_sign_in_codes_phone ON sign_in_codes (phone, asked_wall);
CREATE TABLE staff (
	id UUID NOT NULL, 
	email TEXT NOT NULL, 
	name TEXT NOT NULL, 
	role TEXT NOT NULL, 
	label TEXT NOT NULL, 
	password_hash TEXT, 
	totp_sealed BYTEA, 
	totp_confirmed_wall TIMESTAMP WITH TIME ZONE, 
	totp_last_step BIGINT NOT NULL, 
	created_wall TIMESTAMP WITH TIME ZONE NOT NULL, 
	disabled_wall TIMESTAMP WITH TIME ZONE, 
	CONSTRAINT pk_staff PRIMARY KEY (id), 
	CONSTRAINT uq_staff_email UNIQUE (email)
);
CREATE TABLE stores (
	id UUID NOT NULL, 
	merchant_id UUID NOT NULL, 
	market_id UUID NOT NULL, 
	external_id TEXT NOT NULL, 
	name TEXT NOT NULL, 
	address JSONB NOT NULL, 
	lat FLOAT NOT NULL, 
	lng FLOAT NOT NULL, 
	timezone TEXT NOT NULL, 
	hours JSONB NOT NULL, 
	instructions TEXT NOT NULL, 
	prep_s BIGINT NOT NULL, 
	phone TEXT NOT NULL, 
	state TEXT NOT NULL, 
	created_at TIMESTAMP WITH TIME ZONE NOT NULL, 
	created_wall TIMESTAMP WITH TIME ZONE NOT NULL, 
	CONSTRAINT pk_stores PRIMARY KEY (id)
);
CREATE INDEX ix_stores_market ON stores (market_id, id);
CREATE INDEX ix_stores_merchant ON stores (merchant_id, id);
CREATE UNIQUE INDEX uq_stores_external ON stores (merchant_id, external_id) WHERE external_id <> '';
CREATE TABLE tariffs (
	id UUID NOT NULL, 
	market_id UUID NOT NULL, 
	kind TEXT NOT NULL, 
	valid_from TIMESTAMP WITH TIME ZONE NOT NULL, 
	terms JSONB NOT NULL, 
	CONSTRAINT pk_tariffs PRIMARY KEY (id)
);
CREATE INDEX ix_tariffs_from ON tariffs (market_id, kind, valid_from);
CREATE TABLE visits (
	id UUID NOT NULL, 
	digest BYTEA NOT NULL, 
	roles JSONB NOT NULL, 
	entered_wall TIMESTAMP WITH TIME ZONE NOT NULL, 
	seen_wall TIMESTAMP WITH TIME ZONE NOT NULL, 
	left_wall TIMESTAMP WITH TIME ZONE, 
	wish_speed DOUBLE PRECISION, 
	wish_wall TIMESTAMP WITH TIME ZONE NOT NULL, 
	driven BOOLEAN NOT NULL, 
	CONSTRAINT pk_visits PRIMARY KEY (id), 
	CONSTRAINT uq_visits_digest UNIQUE (digest)
);
CREATE TABLE wake_subscriptions (
	driver_id UUID NOT NULL, 
	market_id UUID NOT NULL, 
	sealed BYTEA NOT NULL, 
	language TEXT NOT NULL, 
	made_wall TIMESTAMP WITH TIME ZONE NOT NULL, 
	CONSTRAINT pk_wake_subscriptions PRIMARY KEY (driver_id)
);
CREATE TABLE webhook_attempts (
	message_id UUID NOT NULL, 
	number BIGINT NOT NULL, 
	merchant_id UUID NOT NULL, 
	at_wall TIMESTAMP WITH TIME ZONE NOT NULL, 
	status BIGINT, 
	latency_ms BIGINT NOT NULL, 
	error TEXT NOT NULL, 
	answer TEXT NOT NULL, 
	CONSTRAINT pk_webhook_attempts PRIMARY KEY (message_id, number)
);
CREATE INDEX ix_webhook_attempts_at_wall ON webhook_attempts (at_wall);
CREATE TABLE webhook_endpoints (
	id UUID NOT NULL, 
	merchant_id UUID NOT NULL, 
	url TEXT NOT NULL, 
	label TEXT NOT NULL, 
	events TEXT[] NOT NULL, 
	secret_sealed BYTEA NOT NULL, 
	old_secret_sealed BYTEA, 
	old_secret_until_wall TIMESTAMP WITH TIME ZONE, 
	state TEXT NOT NULL, 
	disabled_why TEXT, 
	failing_since_wall TIMESTAMP WITH TIME ZONE, 
	created_wall TIMESTAMP WITH TIME ZONE NOT NULL, 
	CONSTRAINT pk_webhook_endpoints PRIMARY KEY (id)
);
CREATE INDEX ix_webhook_endpoints_merchant_id ON webhook_endpoints (merchant_id);
CREATE TABLE webhook_messages (
	id UUID NOT NULL, 
	endpoint_id UUID NOT NULL, 
	merchant_id UUID NOT NULL, 
	delivery_id UUID, 
	seq BIGINT NOT NULL, 
	type TEXT NOT NULL, 
	payload TEXT NOT NULL, 
	state TEXT NOT NULL, 
	turn BIGINT NOT NULL, 
	tries BIGINT NOT NULL, 
	attempts_count BIGINT NOT NULL, 
	next_try_wall TIMESTAMP WITH TIME ZONE, 
	created_wall TIMESTAMP WITH TIME ZONE NOT NULL, 
	taken_wall TIMESTAMP WITH TIME ZONE, 
	CONSTRAINT pk_webhook_messages PRIMARY KEY (id)
);
CREATE INDEX ix_webhook_messages_created_wall ON webhook_messages (created_wall);
CREATE INDEX ix_webhook_messages_endpoint ON webhook_messages (endpoint_id, id);
CREATE INDEX ix_webhook_messages_merchant ON webhook_messages (merchant_id, id);
CREATE INDEX ix_webhook_messages_waiting ON webhook_messages (endpoint_id) WHERE state = 'waiting';
CREATE UNIQUE INDEX uq_webhook_messages_event ON webhook_messages (endpoint_id, delivery_id, seq) WHERE delivery_id IS NOT NULL;
CREATE TABLE webhook_told (
	delivery_id UUID NOT NULL, 
	seq BIGINT NOT NULL, 
	CONSTRAINT pk_webhook_told PRIMARY KEY (delivery_id)
);
CREATE TABLE ledger_closures (
	transaction_id UUID NOT NULL, 
	how TEXT NOT NULL, 
	settled_by UUID, 
	tenant_id UUID, 
	at TIMESTAMP WITH TIME ZONE NOT NULL, 
	CONSTRAINT pk_ledger_closures PRIMARY KEY (transaction_id), 
	CONSTRAINT ck_ledger_closures_how CHECK (how IN ('settled', 'voided')), 
	CONSTRAINT ck_ledger_closures_settled_by CHECK ((how = 'settled') = (settled_by IS NOT NULL)), 
	CONSTRAINT fk_ledger_closures_transaction_id_ledger_transactions FOREIGN KEY(transaction_id) REFERENCES ledger_transactions (id), 
	CONSTRAINT fk_ledger_closures_settled_by_ledger_transactions FOREIGN KEY(settled_by) REFERENCES ledger_transactions (id) DEFERRABLE INITIALLY DEFERRED
);
CREATE TABLE ledger_entries (
	transaction_id UUID NOT NULL, 
	line BIGINT NOT NULL, 
	account TEXT COLLATE "C" NOT NULL, 
	amount_minor BIGINT NOT NULL, 
	currency TEXT NOT NULL, 
	pending BOOLEAN NOT NULL, 
	owner_kind TEXT NOT NULL, 
	owner_id UUID, 
	delivery_id UUID, 
	at TIMESTAMP WITH TIME ZONE NOT NULL, 
	CONSTRAINT pk_ledger_entries PRIMARY KEY (transaction_id, line), 
	CONSTRAINT ck_ledger_entries_amount CHECK (amount_minor <> 0), 
	CONSTRAINT ck_ledger_entries_owner CHECK ((owner_kind = 'platform') = (owner_id IS NULL)), 
	CONSTRAINT ck_ledger_entries_owner_kind CHECK (owner_kind IN ('platform', 'merchant', 'driver', 'provider')), 
	CONSTRAINT fk_ledger_entries_transaction_id_ledger_transactions FOREIGN KEY(transaction_id) REFERENCES ledger_transactions (id)
);
CREATE INDEX ix_ledger_entries_account ON ledger_entries (account, at, transaction_id) INCLUDE (amount_minor, currency, pending);
CREATE INDEX ix_ledger_entries_delivery_id ON ledger_entries (delivery_id) WHERE delivery_id IS NOT NULL;
CREATE INDEX ix_ledger_entries_owner_id ON ledger_entries (owner_id, at) WHERE owner_id IS NOT NULL;
CREATE TABLE offer_answers (
	offer_id UUID NOT NULL, 
	driver_id UUID NOT NULL, 
	market_id UUID NOT NULL, 
	answer TEXT NOT NULL, 
	at TIMESTAMP WITH TIME ZONE NOT NULL, 
	CONSTRAINT pk_offer_answers PRIMARY KEY (offer_id, driver_id), 
	CONSTRAINT fk_offer_answers_offer_id_offers FOREIGN KEY(offer_id) REFERENCES offers (id)
);
CREATE INDEX ix_offer_answers_driver ON offer_answers (driver_id, at);
CREATE TABLE offered_deliveries (
	offer_id UUID NOT NULL, 
	delivery_id UUID NOT NULL, 
	market_id UUID NOT NULL, 
	driver_ids UUID[] NOT NULL, 
	open BOOLEAN NOT NULL, 
	CONSTRAINT pk_offered_deliveries PRIMARY KEY (offer_id, delivery_id), 
	CONSTRAINT fk_offered_deliveries_offer_id_offers FOREIGN KEY(offer_id) REFERENCES offers (id)
);
CREATE INDEX ix_offered_deliveries_delivery ON offered_deliveries (delivery_id);
CREATE UNIQUE INDEX uq_offered_deliveries_open ON offered_deliveries (delivery_id) WHERE open;
CREATE TABLE trips (
	id UUID NOT NULL, 
	offer_id UUID NOT NULL, 
	market_id UUID NOT NULL, 
	driver_id UUID NOT NULL, 
	state TEXT NOT NULL, 
	delivery_ids UUID[] NOT NULL, 
	terms_hash TEXT NOT NULL, 
	accepted_at TIMESTAMP WITH TIME ZONE NOT NULL, 
	started_at TIMESTAMP WITH TIME ZONE, 
	ended_at TIMESTAMP WITH TIME ZONE, 
	events_count BIGINT NOT NULL, 
	joined JSONB NOT NULL, 
	CONSTRAINT pk_trips PRIMARY KEY (id), 
	CONSTRAINT uq_trips_offer_id UNIQUE (offer_id), 
	CONSTRAINT fk_trips_offer_id_offers FOREIGN KEY(offer_id) REFERENCES offers (id)
);
CREATE INDEX ix_trips_driver ON trips (driver_id, id);
CREATE INDEX ix_trips_live ON trips (market_id) WHERE state IN ('next', 'under_way');
CREATE UNIQUE INDEX uq_trips_next ON trips (driver_id) WHERE state = 'next';
CREATE UNIQUE INDEX uq_trips_under_way ON trips (driver_id) WHERE state = 'under_way';
CREATE TABLE trip_changes (
	trip_id UUID NOT NULL, 
	delivery_id UUID NOT NULL, 
	driver_id UUID NOT NULL, 
	market_id UUID NOT NULL, 
	cause TEXT NOT NULL, 
	why TEXT NOT NULL, 
	kept_minor BIGINT NOT NULL, 
	tip_cover_minor BIGINT NOT NULL, 
	currency TEXT NOT NULL, 
	at TIMESTAMP WITH TIME ZONE NOT NULL, 
	CONSTRAINT pk_trip_changes PRIMARY KEY (trip_id, delivery_id), 
	CONSTRAINT fk_trip_changes_trip_id_trips FOREIGN KEY(trip_id) REFERENCES trips (id)
);
CREATE TABLE trip_stops (
	trip_id UUID NOT NULL, 
	position BIGINT NOT NULL, 
	driver_id UUID NOT NULL, 
	market_id UUID NOT NULL, 
	kind TEXT NOT NULL, 
	store_id UUID, 
	delivery_ids UUID[] NOT NULL, 
	lat FLOAT NOT NULL, 
	lng FLOAT NOT NULL, 
	leg_m BIGINT NOT NULL, 
	leg_s BIGINT NOT NULL, 
	stop_s BIGINT NOT NULL, 
	not_before TIMESTAMP WITH TIME ZONE, 
	due_at TIMESTAMP WITH TIME ZONE, 
	state TEXT NOT NULL, 
	reached_at TIMESTAMP WITH TIME ZONE, 
	done_at TIMESTAMP WITH TIME ZONE, 
	CONSTRAINT pk_trip_stops PRIMARY KEY (trip_id, position), 
	CONSTRAINT fk_trip_stops_trip_id_trips FOREIGN KEY(trip_id) REFERENCES trips (id)
);
REVOKE ALL ON access_generations FROM PUBLIC;
GRANT SELECT, INSERT, UPDATE ON access_generations TO doorstep_web;
GRANT SELECT, INSERT, UPDATE, DELETE ON access_generations TO doorstep_system;
REVOKE ALL ON access_keys FROM PUBLIC;
GRANT SELECT, INSERT, UPDATE, DELETE ON access_keys TO doorstep_web;
GRANT SELECT, INSERT, UPDATE, DELETE ON access_keys TO doorstep_system;
ALTER TABLE access_keys ENABLE ROW LEVEL SECURITY;
ALTER TABLE access_keys FORCE ROW LEVEL SECURITY;
CREATE POLICY access_keys_web ON access_keys TO doorstep_web USING (CASE doorstep_audience() WHEN 'staff' THEN (true) WHEN 'merchant' THEN (merchant_id = doorstep_tenant()) WHEN 'provider' THEN (provider_id = doorstep_subject()) WHEN 'gate' THEN (true) ELSE false END) WITH CHECK (CASE doorstep_audience() WHEN 'staff' THEN (true) WHEN 'merchant' THEN (merchant_id = doorstep_tenant()) WHEN 'provider' THEN (provider_id = doorstep_subject()) WHEN 'gate' THEN (true) ELSE false END);
CREATE POLICY access_keys_system ON access_keys TO doorstep_system USING (true) WITH CHECK (true);
REVOKE ALL ON arrival_plans FROM PUBLIC;
GRANT SELECT ON arrival_plans TO doorstep_web;
GRANT SELECT, INSERT, UPDATE, DELETE ON arrival_plans TO doorstep_system;
ALTER TABLE arrival_plans ENABLE ROW LEVEL SECURITY;
ALTER TABLE arrival_plans FORCE ROW LEVEL SECURITY;
CREATE POLICY arrival_plans_web ON arrival_plans TO doorstep_web USING (CASE doorstep_audience() WHEN 'staff' THEN (true) WHEN 'merchant' THEN (EXISTS (SELECT 1 FROM deliveries d WHERE d.id = delivery_id)) WHEN 'shopper' THEN (delivery_id = doorstep_subject()) ELSE false END) WITH CHECK (CASE doorstep_audience() WHEN 'staff' THEN (true) WHEN 'merchant' THEN (EXISTS (SELECT 1 FROM deliveries d WHERE d.id = delivery_id)) WHEN 'shopper' THEN (delivery_id = doorstep_subject()) ELSE false END);
CREATE POLICY arrival_plans_system ON arrival_plans TO doorstep_system USING (true) WITH CHECK (true);
REVOKE ALL ON audit FROM PUBLIC;
GRANT SELECT, INSERT ON audit TO doorstep_web;
GRANT SELECT, INSERT ON audit TO doorstep_system;
ALTER TABLE audit ENABLE ROW LEVEL SECURITY;
ALTER TABLE audit FORCE ROW LEVEL SECURITY;
CREATE POLICY audit_web ON audit TO doorstep_web USING (CASE doorstep_audience() WHEN 'staff' THEN (true) WHEN 'merchant' THEN (tenant = doorstep_tenant()) WHEN 'gate' THEN (true) ELSE false END) WITH CHECK (CASE doorstep_audience() WHEN 'staff' THEN (true) WHEN 'merchant' THEN (tenant = doorstep_tenant()) WHEN 'gate' THEN (true) ELSE false END);
CREATE POLICY audit_system ON audit TO doorstep_system USING (true) WITH CHECK (true);

            CREATE FUNCTION audit_is_append_only() RETURNS trigger LANGUAGE plpgsql AS
            $$BEGIN RAISE EXCEPTION 'the audit is append-only' USING ERRCODE = '42501'; END$$;
CREATE TRIGGER audit_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON audit FOR EACH STATEMENT EXECUTE FUNCTION audit_is_append_only();
REVOKE ALL ON audit_heads FROM PUBLIC;
GRANT SELECT, INSERT, UPDATE ON audit_heads TO doorstep_web;
GRANT SELECT, INSERT, UPDATE ON audit_heads TO doorstep_system;
REVOKE ALL ON deliveries FROM PUBLIC;
GRANT SELECT, INSERT, UPDATE, DELETE ON deliveries TO doorstep_web;
GRANT SELECT, INSERT, UPDATE, DELETE ON deliveries TO doorstep_system;
ALTER TABLE deliveries ENABLE ROW LEVEL SECURITY;
ALTER TABLE deliveries FORCE ROW LEVEL SECURITY;
CREATE POLICY deliveries_web ON deliveries TO doorstep_web USING (CASE doorstep_audience() WHEN 'staff' THEN (true) WHEN 'merchant' THEN (merchant_id = doorstep_tenant()) WHEN 'driver' THEN (driver_id = doorstep_subject() OR doorstep_subject() = ANY(offered_to) OR let_go_by = doorstep_subject()) WHEN 'shopper' THEN (id = doorstep_subject()) WHEN 'provider' THEN (provider_id = doorstep_subject() OR let_go_by = doorstep_subject()) ELSE false END) WITH CHECK (CASE doorstep_audience() WHEN 'staff' THEN (true) WHEN 'merchant' THEN (merchant_id = doorstep_tenant()) WHEN 'driver' THEN (driver_id = doorstep_subject() OR doorstep_subject() = ANY(offered_to) OR let_go_by = doorstep_subject()) WHEN 'shopper' THEN (id = doorstep_subject()) WHEN 'provider' THEN (provider_id = doorstep_subject() OR let_go_by = doorstep_subject()) ELSE false END);
CREATE POLICY deliveries_system ON deliveries TO doorstep_system USING (true) WITH CHECK (true);
REVOKE ALL ON delivery_events FROM PUBLIC;
GRANT SELECT, INSERT ON delivery_events TO doorstep_web;
GRANT SELECT, INSERT, DELETE ON delivery_events TO doorstep_system;
ALTER TABLE delivery_events ENABLE ROW LEVEL SECURITY;
ALTER TABLE delivery_events FORCE ROW LEVEL SECURITY;
CREATE POLICY delivery_events_web ON delivery_events TO doorstep_web USING (CASE doorstep_audience() WHEN 'staff' THEN (true) WHEN 'merchant' THEN (merchant_id = doorstep_tenant()) WHEN 'driver' THEN (EXISTS (SELECT 1 FROM deliveries d WHERE d.id = delivery_id)) WHEN 'shopper' THEN (EXISTS (SELECT 1 FROM deliveries d WHERE d.id = delivery_id)) WHEN 'provider' THEN (EXISTS (SELECT 1 FROM deliveries d WHERE d.id = delivery_id)) ELSE false END) WITH CHECK (CASE doorstep_audience() WHEN 'staff' THEN (true) WHEN 'merchant' THEN (merchant_id = doorstep_tenant()) WHEN 'driver' THEN (EXISTS (SELECT 1 FROM deliveries d WHERE d.id = delivery_id)) WHEN 'shopper' THEN (EXISTS (SELECT 1 FROM deliveries d WHERE d.id = delivery_id)) WHEN 'provider' THEN (EXISTS (SELECT 1 FROM deliveries d WHERE d.id = delivery_id)) ELSE false END);
CREATE POLICY delivery_events_system ON delivery_events TO doorstep_system USING (true) WITH CHECK (true);
REVOKE ALL ON delivery_reports FROM PUBLIC;
GRANT SELECT, INSERT ON delivery_reports TO doorstep_web;
GRANT SELECT, INSERT, UPDATE, DELETE ON delivery_reports TO doorstep_system;
ALTER TABLE delivery_reports ENABLE ROW LEVEL SECURITY;
ALTER TABLE delivery_reports FORCE ROW LEVEL SECURITY;
CREATE POLICY delivery_reports_web ON delivery_reports TO doorstep_web USING (CASE doorstep_audience() WHEN 'staff' THEN (true) WHEN 'driver' THEN (EXISTS (SELECT 1 FROM deliveries d WHERE d.id = delivery_id)) WHEN 'provider' THEN (EXISTS (SELECT 1 FROM deliveries d WHERE d.id = delivery_id)) ELSE false END) WITH CHECK (CASE doorstep_audience() WHEN 'staff' THEN (true) WHEN 'driver' THEN (EXISTS (SELECT 1 FROM deliveries d WHERE d.id = delivery_id)) WHEN 'provider' THEN (EXISTS (SELECT 1 FROM deliveries d WHERE d.id = delivery_id)) ELSE false END);
CREATE POLICY delivery_reports_system ON delivery_reports TO doorstep_system USING (true) WITH CHECK (true);
REVOKE ALL ON demo_entries FROM PUBLIC;
GRANT SELECT, INSERT, UPDATE, DELETE ON demo_entries TO doorstep_web;
GRANT SELECT, INSERT, UPDATE, DELETE ON demo_entries TO doorstep_system;
ALTER TABLE demo_entries ENABLE ROW LEVEL SECURITY;
ALTER TABLE demo_entries FORCE ROW LEVEL SECURITY;
CREATE POLICY demo_entries_web ON demo_entries TO doorstep_web USING (CASE doorstep_audience() WHEN 'staff' THEN (true) WHEN 'gate' THEN (true) ELSE false END) WITH CHECK (CASE doorstep_audience() WHEN 'staff' THEN (true) WHEN 'gate' THEN (true) ELSE false END);
CREATE POLICY demo_entries_system ON demo_entries TO doorstep_system USING (true) WITH CHECK (true);
REVOKE ALL ON dispatch_reasons FROM PUBLIC;
GRANT SELECT, INSERT, UPDATE ON dispatch_reasons TO doorstep_web;
GRANT SELECT, INSERT, UPDATE, DELETE ON dispatch_reasons TO doorstep_system;
ALTER TABLE dispatch_reasons ENABLE ROW LEVEL SECURITY;
ALTER TABLE dispatch_reasons FORCE ROW LEVEL SECURITY;
CREATE POLICY dispatch_reasons_web ON dispatch_reasons TO doorstep_web USING (CASE doorstep_audience() WHEN 'staff' THEN (true) ELSE false END) WITH CHECK (CASE doorstep_audience() WHEN 'staff' THEN (true) ELSE false END);
CREATE POLICY dispatch_reasons_system ON dispatch_reasons TO doorstep_system USING (true) WITH CHECK (true);
REVOKE ALL ON dispatch_states FROM PUBLIC;
GRANT SELECT, INSERT, UPDATE ON dispatch_states TO doorstep_web;
GRANT SELECT, INSERT, UPDATE, DELETE ON dispatch_states TO doorstep_system;
ALTER TABLE dispatch_states ENABLE ROW LEVEL SECURITY;
ALTER TABLE dispatch_states FORCE ROW LEVEL SECURITY;
CREATE POLICY dispatch_states_web ON dispatch_states TO doorstep_web USING (CASE doorstep_audience() WHEN 'staff' THEN (true) ELSE false END) WITH CHECK (CASE doorstep_audience() WHEN 'staff' THEN (true) ELSE false END);
CREATE POLICY dispatch_states_system ON dispatch_states TO doorstep_system USING (true) WITH CHECK (true);
REVOKE ALL ON dispatch_ticks FROM PUBLIC;
GRANT SELECT ON dispatch_ticks TO doorstep_web;
GRANT SELECT, INSERT, UPDATE, DELETE ON dispatch_ticks TO doorstep_system;
ALTER TABLE dispatch_ticks ENABLE ROW LEVEL SECURITY;
ALTER TABLE dispatch_ticks FORCE ROW LEVEL SECURITY;
CREATE POLICY dispatch_ticks_web ON dispatch_ticks TO doorstep_web USING (CASE doorstep_audience() WHEN 'staff' THEN (true) ELSE false END) WITH CHECK (CASE doorstep_audience() WHEN 'staff' THEN (true) ELSE false END);
CREATE POLICY dispatch_ticks_system ON dispatch_ticks TO doorstep_system USING (true) WITH CHECK (true);
REVOKE ALL ON driver_phones FROM PUBLIC;
GRANT SELECT, INSERT, UPDATE, DELETE ON driver_phones TO doorstep_web;
GRANT SELECT, INSERT, UPDATE, DELETE ON driver_phones TO doorstep_system;
ALTER TABLE driver_phones ENABLE ROW LEVEL SECURITY;
ALTER TABLE driver_phones FORCE ROW LEVEL SECURITY;
CREATE POLICY driver_phones_web ON driver_phones TO doorstep_web USING (CASE doorstep_audience() WHEN 'staff' THEN (true) WHEN 'driver' THEN (driver_id = doorstep_subject()) WHEN 'gate' THEN (true) ELSE false END) WITH CHECK (CASE doorstep_audience() WHEN 'staff' THEN (true) WHEN 'driver' THEN (driver_id = doorstep_subject()) WHEN 'gate' THEN (true) ELSE false END);
CREATE POLICY driver_phones_system ON driver_phones TO doorstep_system USING (true) WITH CHECK (true);
REVOKE ALL ON driver_positions FROM PUBLIC;
GRANT SELECT, INSERT, UPDATE ON driver_positions TO doorstep_web;
GRANT SELECT, INSERT, UPDATE, DELETE ON driver_positions TO doorstep_system;
ALTER TABLE driver_positions ENABLE ROW LEVEL SECURITY;
ALTER TABLE driver_positions FORCE ROW LEVEL SECURITY;
CREATE POLICY driver_positions_web ON driver_positions TO doorstep_web USING (CASE doorstep_audience() WHEN 'staff' THEN (true) WHEN 'merchant' THEN (EXISTS (SELECT 1 FROM deliveries d WHERE d.driver_id = driver_positions.driver_id AND d.state IN ('picked_up', 'enroute_to_dropoff', 'at_dropoff') AND d.merchant_id = doorstep_tenant())) WHEN 'driver' THEN (driver_id = doorstep_subject()) WHEN 'shopper' THEN (EXISTS (SELECT 1 FROM deliveries d WHERE d.driver_id = driver_positions.driver_id AND d.state IN ('picked_up', 'enroute_to_dropoff', 'at_dropoff') AND d.id = doorstep_subject())) WHEN 'gate' THEN (true) ELSE false END) WITH CHECK (CASE doorstep_audience() WHEN 'staff' THEN (true) WHEN 'merchant' THEN (EXISTS (SELECT 1 FROM deliveries d WHERE d.driver_id = driver_positions.driver_id AND d.state IN ('picked_up', 'enroute_to_dropoff', 'at_dropoff') AND d.merchant_id = doorstep_tenant())) WHEN 'driver' THEN (driver_id = doorstep_subject()) WHEN 'shopper' THEN (EXISTS (SELECT 1 FROM deliveries d WHERE d.driver_id = driver_positions.driver_id AND d.state IN ('picked_up', 'enroute_to_dropoff', 'at_dropoff') AND d.id = doorstep_subject())) WHEN 'gate' THEN (true) ELSE false END);
CREATE POLICY driver_positions_system ON driver_positions TO doorstep_system USING (true) WITH CHECK (true);
ALTER TABLE driver_positions SET UNLOGGED;
REVOKE ALL ON drivers FROM PUBLIC;
GRANT SELECT, INSERT, UPDATE ON drivers TO doorstep_web;
GRANT SELECT, INSERT, UPDATE ON drivers TO doorstep_system;
ALTER TABLE drivers ENABLE ROW LEVEL SECURITY;
ALTER TABLE drivers FORCE ROW LEVEL SECURITY;
CREATE POLICY drivers_web ON drivers TO doorstep_web USING (CASE doorstep_audience() WHEN 'staff' THEN (true) WHEN 'merchant' THEN (EXISTS (SELECT 1 FROM deliveries d WHERE d.driver_id = drivers.id AND d.merchant_id = doorstep_tenant())) WHEN 'driver' THEN (id = doorstep_subject()) WHEN 'shopper' THEN (EXISTS (SELECT 1 FROM deliveries d WHERE d.driver_id = drivers.id AND d.id = doorstep_subject())) ELSE false END) WITH CHECK (CASE doorstep_audience() WHEN 'staff' THEN (true) WHEN 'merchant' THEN (EXISTS (SELECT 1 FROM deliveries d WHERE d.driver_id = drivers.id AND d.merchant_id = doorstep_tenant())) WHEN 'driver' THEN (id = doorstep_subject()) WHEN 'shopper' THEN (EXISTS (SELECT 1 FROM deliveries d WHERE d.driver_id = drivers.id AND d.id = doorstep_subject())) ELSE false END);
CREATE POLICY drivers_system ON drivers TO doorstep_system USING (true) WITH CHECK (true);
REVOKE ALL ON earnings FROM PUBLIC;
GRANT SELECT ON earnings TO doorstep_web;
GRANT SELECT, INSERT ON earnings TO doorstep_system;
ALTER TABLE earnings ENABLE ROW LEVEL SECURITY;
ALTER TABLE earnings FORCE ROW LEVEL SECURITY;
CREATE POLICY earnings_web ON earnings TO doorstep_web USING (CASE doorstep_audience() WHEN 'staff' THEN (true) WHEN 'driver' THEN (driver_id = doorstep_subject()) ELSE false END) WITH CHECK (CASE doorstep_audience() WHEN 'staff' THEN (true) WHEN 'driver' THEN (driver_id = doorstep_subject()) ELSE false END);
CREATE POLICY earnings_system ON earnings TO doorstep_system USING (true) WITH CHECK (true);
CREATE POLICY earnings_compared ON earnings FOR SELECT TO CURRENT_USER USING (true);
REVOKE ALL ON entry_links FROM PUBLIC;
GRANT SELECT, INSERT, UPDATE, DELETE ON entry_links TO doorstep_web;
GRANT SELECT, INSERT, UPDATE, DELETE ON entry_links TO doorstep_system;
ALTER TABLE entry_links ENABLE ROW LEVEL SECURITY;
ALTER TABLE entry_links FORCE ROW LEVEL SECURITY;
CREATE POLICY entry_links_web ON entry_links TO doorstep_web USING (CASE doorstep_audience() WHEN 'staff' THEN (true) WHEN 'merchant' THEN (merchant_id = doorstep_tenant()) WHEN 'gate' THEN (true) ELSE false END) WITH CHECK (CASE doorstep_audience() WHEN 'staff' THEN (true) WHEN 'merchant' THEN (merchant_id = doorstep_tenant()) WHEN 'gate' THEN (true) ELSE false END);
CREATE POLICY entry_links_system ON entry_links TO doorstep_system USING (true) WITH CHECK (true);
REVOKE ALL ON fix_history FROM PUBLIC;
GRANT INSERT ON fix_history TO doorstep_web;
GRANT SELECT, DELETE ON fix_history TO doorstep_system;
REVOKE ALL ON idempotency_keys FROM PUBLIC;
GRANT SELECT, INSERT, UPDATE, DELETE ON idempotency_keys TO doorstep_web;
GRANT SELECT, INSERT, UPDATE, DELETE ON idempotency_keys TO doorstep_system;
ALTER TABLE idempotency_keys ENABLE ROW LEVEL SECURITY;
ALTER TABLE idempotency_keys FORCE ROW LEVEL SECURITY;
CREATE POLICY idempotency_keys_web ON idempotency_keys TO doorstep_web USING (CASE doorstep_audience() WHEN 'staff' THEN (true) WHEN 'merchant' THEN (tenant = doorstep_tenant()) WHEN 'driver' THEN (tenant = doorstep_subject()) ELSE false END) WITH CHECK (CASE doorstep_audience() WHEN 'staff' THEN (true) WHEN 'merchant' THEN (tenant = doorstep_tenant()) WHEN 'driver' THEN (tenant = doorstep_subject()) ELSE false END);
CREATE POLICY idempotency_keys_system ON idempotency_keys TO doorstep_system USING (true) WITH CHECK (true);
REVOKE ALL ON jobs FROM PUBLIC;
GRANT INSERT ON jobs TO doorstep_web;
GRANT SELECT, INSERT, UPDATE, DELETE ON jobs TO doorstep_system;
GRANT SELECT (handler, key) ON jobs TO doorstep_web;
REVOKE ALL ON leases FROM PUBLIC;
GRANT SELECT, INSERT, UPDATE, DELETE ON leases TO doorstep_system;
ALTER TABLE leases ENABLE ROW LEVEL SECURITY;
ALTER TABLE leases FORCE ROW LEVEL SECURITY;
CREATE POLICY leases_web ON leases TO doorstep_web USING (false) WITH CHECK (false);
CREATE POLICY leases_system ON leases TO doorstep_system USING (true) WITH CHECK (true);
REVOKE ALL ON ledger_owed FROM PUBLIC;
GRANT SELECT ON ledger_owed TO doorstep_web;
GRANT SELECT ON ledger_owed TO doorstep_system;
ALTER TABLE ledger_owed ENABLE ROW LEVEL SECURITY;
ALTER TABLE ledger_owed FORCE ROW LEVEL SECURITY;
CREATE POLICY ledger_owed_web ON ledger_owed TO doorstep_web USING (CASE doorstep_audience() WHEN 'staff' THEN (true) WHEN 'merchant' THEN (merchant_id = doorstep_tenant()) ELSE false END) WITH CHECK (CASE doorstep_audience() WHEN 'staff' THEN (true) WHEN 'merchant' THEN (merchant_id = doorstep_tenant()) ELSE false END);
CREATE POLICY ledger_owed_system ON ledger_owed TO doorstep_system USING (true) WITH CHECK (true);

CREATE FUNCTION ledger_lock_owed(merchant uuid, unit text) RETURNS bigint LANGUAGE plpgsql SECURITY DEFINER
  SET search_path = public, pg_temp AS $$
DECLARE
  owed bigint;
BEGIN
  IF doorstep_audience() = 'merchant' AND merchant IS DISTINCT FROM doorstep_tenant() THEN
    RAISE EXCEPTION 'another merchant''s credit' USING ERRCODE = 'insufficient_privilege';
  END IF;
  INSERT INTO ledger_owed (merchant_id, currency, posted_minor, pending_minor)
    VALUES (merchant, unit, 0, 0) ON CONFLICT DO NOTHING;
  SELECT o.posted_minor + o.pending_minor INTO owed FROM ledger_owed o
   WHERE o.merchant_id = merchant AND o.currency = unit FOR UPDATE;
  RETURN owed;
END $$;

CREATE FUNCTION ledger_difference_minor(market uuid) RETURNS bigint LANGUAGE sql STABLE SECURITY DEFINER
  SET search_path = public, pg_temp AS $$
  SELECT (
    coalesce((SELECT sum(abs(u.total)) FROM (
        SELECT sum(e.amount_minor) AS total FROM ledger_entries e
          JOIN ledger_transactions t ON t.id = e.transaction_id
         WHERE market IS NULL OR t.market_id = market
         GROUP BY e.transaction_id, e.currency) u), 0)
    + (SELECT count(*) FROM ledger_transactions t
        WHERE (market IS NULL OR t.market_id = market)
          AND t.lines <> (SELECT count(*) FROM ledger_entries e WHERE e.transaction_id = t.id))
    + CASE WHEN market IS NOT NULL THEN 0 ELSE coalesce((
        SELECT sum(abs(o.posted_minor - s.posted_minor) + abs(o.pending_minor - s.pending_minor))
          FROM ledger_owed o LEFT JOIN LATERAL (
            SELECT coalesce(sum(e.amount_minor) FILTER (WHERE NOT e.pending), 0) AS posted_minor,
                   coalesce(sum(e.amount_minor) FILTER (WHERE e.pending AND c.transaction_id IS NULL), 0)
                     AS pending_minor
              FROM ledger_entries e LEFT JOIN ledger_closures c ON c.transaction_id = e.transaction_id
             WHERE e.owner_kind = 'merchant' AND e.owner_id = o.merchant_id AND e.currency = o.currency
          ) s ON true), 0) END
  )::bigint
$$;
CREATE POLICY ledger_owed_kept ON ledger_owed TO CURRENT_USER USING (true) WITH CHECK (true);
REVOKE ALL ON FUNCTION ledger_lock_owed(uuid, text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION ledger_lock_owed(uuid, text) TO doorstep_web, doorstep_system;
REVOKE ALL ON FUNCTION ledger_difference_minor(uuid) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION ledger_difference_minor(uuid) TO doorstep_web, doorstep_system;
REVOKE ALL ON ledger_transactions FROM PUBLIC;
GRANT SELECT, INSERT ON ledger_transactions TO doorstep_web;
GRANT SELECT, INSERT ON ledger_transactions TO doorstep_system;
ALTER TABLE ledger_transactions ENABLE ROW LEVEL SECURITY;
ALTER TABLE ledger_transactions FORCE ROW LEVEL SECURITY;
CREATE POLICY ledger_transactions_web ON ledger_transactions TO doorstep_web USING (CASE doorstep_audience() WHEN 'staff' THEN (true) WHEN 'merchant' THEN (tenant_id = doorstep_tenant()) ELSE false END) WITH CHECK (CASE doorstep_audience() WHEN 'staff' THEN (true) WHEN 'merchant' THEN (tenant_id = doorstep_tenant()) ELSE false END);
CREATE POLICY ledger_transactions_system ON ledger_transactions TO doorstep_system USING (true) WITH CHECK (true);

CREATE FUNCTION ledger_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION '% of % is refused: the ledger is never edited, post a reversal', TG_OP, TG_TABLE_NAME
    USING ERRCODE = 'restrict_violation';
END $$;

CREATE FUNCTION ledger_check_balanced() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
  SET search_path = public, pg_temp AS $$
DECLARE
  checked uuid;
  declared record;
  present bigint;
  mixed boolean;
  uneven text;
BEGIN
  IF TG_TABLE_NAME = 'ledger_entries' THEN checked = NEW.transaction_id; ELSE checked = NEW.id; END IF;
  SELECT t.fact, t.lines, t.state = 'pending' AS pending INTO declared FROM ledger_transactions t WHERE t.id = checked;
  SELECT coalesce(sum(s.entries), 0), coalesce(bool_or(s.differs), false),
         string_agg(s.currency || ' ' || s.total, ', ') FILTER (WHERE s.total <> 0)
    INTO present, mixed, uneven
    FROM (SELECT e.currency, sum(e.amount_minor) AS total, count(*) AS entries,
                 bool_or(e.pending <> declared.pending) AS differs
            FROM ledger_entries e WHERE e.transaction_id = checked GROUP BY e.currency) s;
  IF uneven IS NOT NULL THEN
    RAISE EXCEPTION 'transaction % does not balance: % minor', declared.fact, uneven USING ERRCODE = 'check_violation';
  END IF;
  IF present <> declared.lines OR mixed THEN
    RAISE EXCEPTION 'transaction % has % of % entries', declared.fact, present, declared.lines
      USING ERRCODE = 'check_violation';
  END IF;
  RETURN NULL;
END $$;
CREATE POLICY ledger_transactions_checks ON ledger_transactions FOR SELECT TO CURRENT_USER USING (true);
CREATE TRIGGER ledger_transactions_frozen BEFORE UPDATE OR DELETE OR TRUNCATE ON ledger_transactions FOR EACH STATEMENT EXECUTE FUNCTION ledger_refuse_change();
CREATE CONSTRAINT TRIGGER ledger_transactions_balanced AFTER INSERT ON ledger_transactions DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION ledger_check_balanced();
REVOKE ALL ON market_changes FROM PUBLIC;
GRANT SELECT, INSERT ON market_changes TO doorstep_web;
GRANT SELECT, INSERT ON market_changes TO doorstep_system;
ALTER TABLE market_changes ENABLE ROW LEVEL SECURITY;
ALTER TABLE market_changes FORCE ROW LEVEL SECURITY;
CREATE POLICY market_changes_web ON market_changes TO doorstep_web USING (CASE doorstep_audience() WHEN 'staff' THEN (true) ELSE false END) WITH CHECK (CASE doorstep_audience() WHEN 'staff' THEN (true) ELSE false END);
CREATE POLICY market_changes_system ON market_changes TO doorstep_system USING (true) WITH CHECK (true);
REVOKE ALL ON market_figures FROM PUBLIC;
GRANT SELECT ON market_figures TO doorstep_web;
GRANT SELECT, INSERT, UPDATE, DELETE ON market_figures TO doorstep_system;
ALTER TABLE market_figures ENABLE ROW LEVEL SECURITY;
ALTER TABLE market_figures FORCE ROW LEVEL SECURITY;
CREATE POLICY market_figures_web ON market_figures TO doorstep_web USING (CASE doorstep_audience() WHEN 'staff' THEN (true) WHEN 'merchant' THEN (true) WHEN 'driver' THEN (true) WHEN 'shopper' THEN (true) WHEN 'provider' THEN (true) WHEN 'public' THEN (true) ELSE false END) WITH CHECK (CASE doorstep_audience() WHEN 'staff' THEN (true) WHEN 'merchant' THEN (true) WHEN 'driver' THEN (true) WHEN 'shopper' THEN (true) WHEN 'provider' THEN (true) WHEN 'public' THEN (true) ELSE false END);
CREATE POLICY market_figures_system ON market_figures TO doorstep_system USING (true) WITH CHECK (true);
ALTER TABLE market_figures SET UNLOGGED;
REVOKE ALL ON markets FROM PUBLIC;
GRANT SELECT, INSERT, UPDATE ON markets TO doorstep_web;
GRANT SELECT, INSERT, UPDATE ON markets TO doorstep_system;
ALTER TABLE markets ENABLE ROW LEVEL SECURITY;
ALTER TABLE markets FORCE ROW LEVEL SECURITY;
CREATE POLICY markets_web ON markets TO doorstep_web USING (CASE doorstep_audience() WHEN 'staff' THEN (true) WHEN 'merchant' THEN (true) WHEN 'driver' THEN (true) WHEN 'shopper' THEN (true) WHEN 'provider' THEN (true) WHEN 'public' THEN (true) WHEN 'gate' THEN (true) ELSE false END) WITH CHECK (CASE doorstep_audience() WHEN 'staff' THEN (true) WHEN 'merchant' THEN (true) WHEN 'driver' THEN (true) WHEN 'shopper' THEN (true) WHEN 'provider' THEN (true) WHEN 'public' THEN (true) WHEN 'gate' THEN (true) ELSE false END);
CREATE POLICY markets_system ON markets TO doorstep_system USING (true) WITH CHECK (true);
CREATE POLICY markets_staff_insert ON markets AS RESTRICTIVE FOR INSERT TO doorstep_web WITH CHECK (doorstep_audience() = 'staff');
CREATE POLICY markets_staff_update ON markets AS RESTRICTIVE FOR UPDATE TO doorstep_web USING (doorstep_audience() = 'staff') WITH CHECK (doorstep_audience() = 'staff');
REVOKE ALL ON merchant_terms FROM PUBLIC;
GRANT SELECT, INSERT, UPDATE ON merchant_terms TO doorstep_web;
GRANT SELECT, INSERT, UPDATE ON merchant_terms TO doorstep_system;
ALTER TABLE merchant_terms ENABLE ROW LEVEL SECURITY;
ALTER TABLE merchant_terms FORCE ROW LEVEL SECURITY;
CREATE POLICY merchant_terms_web ON merchant_terms TO doorstep_web USING (CASE doorstep_audience() WHEN 'staff' THEN (true) WHEN 'merchant' THEN (merchant_id = doorstep_tenant()) ELSE false END) WITH CHECK (CASE doorstep_audience() WHEN 'staff' THEN (true) WHEN 'merchant' THEN (merchant_id = doorstep_tenant()) ELSE false END);
CREATE POLICY merchant_terms_system ON merchant_terms TO doorstep_system USING (true) WITH CHECK (true);
CREATE POLICY merchant_terms_operator_adds ON merchant_terms AS RESTRICTIVE FOR INSERT TO doorstep_web WITH CHECK (doorstep_audience() = 'staff');
CREATE POLICY merchant_terms_operator_edits ON merchant_terms AS RESTRICTIVE FOR UPDATE TO doorstep_web USING (doorstep_audience() = 'staff') WITH CHECK (doorstep_audience() = 'staff');
REVOKE ALL ON merchant_users FROM PUBLIC;
GRANT SELECT, INSERT, UPDATE, DELETE ON merchant_users TO doorstep_web;
GRANT SELECT, INSERT, UPDATE, DELETE ON merchant_users TO doorstep_system;
ALTER TABLE merchant_users ENABLE ROW LEVEL SECURITY;
ALTER TABLE merchant_users FORCE ROW LEVEL SECURITY;
CREATE POLICY merchant_users_web ON merchant_users TO doorstep_web USING (CASE doorstep_audience() WHEN 'staff' THEN (true) WHEN 'merchant' THEN (merchant_id = doorstep_tenant()) WHEN 'gate' THEN (true) ELSE false END) WITH CHECK (CASE doorstep_audience() WHEN 'staff' THEN (true) WHEN 'merchant' THEN (merchant_id = doorstep_tenant()) WHEN 'gate' THEN (true) ELSE false END);
CREATE POLICY merchant_users_system ON merchant_users TO doorstep_system USING (true) WITH CHECK (true);
REVOKE ALL ON merchants FROM PUBLIC;
GRANT SELECT, INSERT, UPDATE ON merchants TO doorstep_web;
GRANT SELECT, INSERT, UPDATE ON merchants TO doorstep_system;
ALTER TABLE merchants ENABLE ROW LEVEL SECURITY;
ALTER TABLE merchants FORCE ROW LEVEL SECURITY;
CREATE POLICY merchants_web ON merchants TO doorstep_web USING (CASE doorstep_audience() WHEN 'staff' THEN (true) WHEN 'merchant' THEN (id = doorstep_tenant()) WHEN 'shopper' THEN (EXISTS (SELECT 1 FROM deliveries d WHERE d.merchant_id = merchants.id AND d.id = doorstep_subject())) ELSE false END) WITH CHECK (CASE doorstep_audience() WHEN 'staff' THEN (true) WHEN 'merchant' THEN (id = doorstep_tenant()) WHEN 'shopper' THEN (EXISTS (SELECT 1 FROM deliveries d WHERE d.merchant_id = merchants.id AND d.id = doorstep_subject())) ELSE false END);
CREATE POLICY merchants_system ON merchants TO doorstep_system USING (true) WITH CHECK (true);
CREATE POLICY merchants_operator_adds ON merchants AS RESTRICTIVE FOR INSERT TO doorstep_web WITH CHECK (doorstep_audience() = 'staff');
REVOKE ALL ON network FROM PUBLIC;
GRANT SELECT, UPDATE ON network TO doorstep_web;
GRANT SELECT, INSERT, UPDATE, DELETE ON network TO doorstep_system;
REVOKE ALL ON notification_wishes FROM PUBLIC;
GRANT SELECT, INSERT, UPDATE ON notification_wishes TO doorstep_web;
GRANT SELECT, INSERT, UPDATE ON notification_wishes TO doorstep_system;
ALTER TABLE notification_wishes ENABLE ROW LEVEL SECURITY;
ALTER TABLE notification_wishes FORCE ROW LEVEL SECURITY;
CREATE POLICY notification_wishes_web ON notification_wishes TO doorstep_web USING (CASE doorstep_audience() WHEN 'staff' THEN (true) WHEN 'merchant' THEN (merchant_id = doorstep_tenant()) ELSE false END) WITH CHECK (CASE doorstep_audience() WHEN 'staff' THEN (true) WHEN 'merchant' THEN (merchant_id = doorstep_tenant()) ELSE false END);
CREATE POLICY notification_wishes_system ON notification_wishes TO doorstep_system USING (true) WITH CHECK (true);
REVOKE ALL ON notifications FROM PUBLIC;
GRANT SELECT ON notifications TO doorstep_web;
GRANT SELECT, INSERT, UPDATE, DELETE ON notifications TO doorstep_system;
ALTER TABLE notifications ENABLE ROW LEVEL SECURITY;
ALTER TABLE notifications FORCE ROW LEVEL SECURITY;
CREATE POLICY notifications_web ON notifications TO doorstep_web USING (CASE doorstep_audience() WHEN 'staff' THEN (true) WHEN 'merchant' THEN (merchant_id = doorstep_tenant()) ELSE false END) WITH CHECK (CASE doorstep_audience() WHEN 'staff' THEN (true) WHEN 'merchant' THEN (merchant_id = doorstep_tenant()) ELSE false END);
CREATE POLICY notifications_system ON notifications TO doorstep_system USING (true) WITH CHECK (true);
REVOKE ALL ON offer_refusals FROM PUBLIC;
GRANT SELECT, INSERT, UPDATE ON offer_refusals TO doorstep_web;
GRANT SELECT, INSERT, UPDATE, DELETE ON offer_refusals TO doorstep_system;
ALTER TABLE offer_refusals ENABLE ROW LEVEL SECURITY;
ALTER TABLE offer_refusals FORCE ROW LEVEL SECURITY;
CREATE POLICY offer_refusals_web ON offer_refusals TO doorstep_web USING (CASE doorstep_audience() WHEN 'staff' THEN (true) WHEN 'driver' THEN (driver_id = doorstep_subject()) ELSE false END) WITH CHECK (CASE doorstep_audience() WHEN 'staff' THEN (true) WHEN 'driver' THEN (driver_id = doorstep_subject()) ELSE false END);
CREATE POLICY offer_refusals_system ON offer_refusals TO doorstep_system USING (true) WITH CHECK (true);

CREATE FUNCTION a_no_stays() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN RAISE EXCEPTION 'what a driver said no to stays' USING ERRCODE = 'restrict_violation'; END $$;
CREATE TRIGGER offer_refusals_stay BEFORE UPDATE ON offer_refusals FOR EACH ROW WHEN (NEW.times <= OLD.times OR (OLD.final AND NOT NEW.final)) EXECUTE FUNCTION a_no_stays();
REVOKE ALL ON offers FROM PUBLIC;
GRANT SELECT, INSERT, UPDATE ON offers TO doorstep_web;
GRANT SELECT, INSERT, UPDATE ON offers TO doorstep_system;
ALTER TABLE offers ENABLE ROW LEVEL SECURITY;
ALTER TABLE offers FORCE ROW LEVEL SECURITY;
CREATE POLICY offers_web ON offers TO doorstep_web USING (CASE doorstep_audience() WHEN 'staff' THEN (true) WHEN 'driver' THEN (doorstep_subject() = ANY (driver_ids)) ELSE false END) WITH CHECK (CASE doorstep_audience() WHEN 'staff' THEN (true) WHEN 'driver' THEN (doorstep_subject() = ANY (driver_ids)) ELSE false END);
CREATE POLICY offers_system ON offers TO doorstep_system USING (true) WITH CHECK (true);

CREATE FUNCTION offers_terms_are_frozen() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP <> 'UPDATE' THEN
    RAISE EXCEPTION '% of offers is refused: what was shown stays', TG_OP USING ERRCODE = 'restrict_violation';
  END IF;
  IF (NEW.id, NEW.market_id, NEW.mode, NEW.terms, NEW.terms_hash, NEW.expires_at, NEW.driver_ids, NEW.delivery_ids,
      NEW.next_best_min)
     IS DISTINCT FROM
     (OLD.id, OLD.market_id, OLD.mode, OLD.terms, OLD.terms_hash, OLD.expires_at, OLD.driver_ids, OLD.delivery_ids,
      OLD.next_best_min)
  THEN
    RAISE EXCEPTION 'the terms of an offer are frozen when it is shown' USING ERRCODE = 'restrict_violation';
  END IF;
  IF OLD.state <> 'open' AND NEW.state <> OLD.state THEN
    RAISE EXCEPTION 'an offer that is % stays so', OLD.state USING ERRCODE = 'restrict_violation';
  END IF;
  RETURN NEW;
END $$;
CREATE POLICY offers_counted ON offers FOR SELECT TO CURRENT_USER USING (true);

CREATE FUNCTION offers_lately(market uuid, since timestamptz)
RETURNS TABLE (lat double precision, lng double precision, offers bigint)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
  WITH made AS (
    SELECT (o.terms #>> '{pickups,0,point,lat_e6}')::double precision / 1e6 AS lat,
           (o.terms #>> '{pickups,0,point,lng_e6}')::double precision / 1e6 AS lng
      FROM offers o WHERE o.market_id = market AND o.shown_at >= since
     ORDER BY o.shown_at DESC LIMIT 2000
  )
  SELECT avg(lat), avg(lng), count(*) FROM made
   GROUP BY round(lat * 50), round(lng * 40) ORDER BY count(*) DESC, 1 LIMIT 40
$$;
REVOKE ALL ON FUNCTION offers_lately(uuid, timestamptz) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION offers_lately(uuid, timestamptz) TO doorstep_web, doorstep_system;
CREATE TRIGGER offers_frozen BEFORE UPDATE OR DELETE ON offers FOR EACH ROW EXECUTE FUNCTION offers_terms_are_frozen();
CREATE TRIGGER offers_kept BEFORE TRUNCATE ON offers FOR EACH STATEMENT EXECUTE FUNCTION offers_terms_are_frozen();
REVOKE ALL ON pay_rates FROM PUBLIC;
GRANT SELECT, INSERT ON pay_rates TO doorstep_web;
GRANT SELECT, INSERT ON pay_rates TO doorstep_system;
ALTER TABLE pay_rates ENABLE ROW LEVEL SECURITY;
ALTER TABLE pay_rates FORCE ROW LEVEL SECURITY;
CREATE POLICY pay_rates_web ON pay_rates TO doorstep_web USING (CASE doorstep_audience() WHEN 'staff' THEN (true) WHEN 'merchant' THEN (true) WHEN 'driver' THEN (true) WHEN 'shopper' THEN (true) WHEN 'provider' THEN (true) WHEN 'public' THEN (true) WHEN 'gate' THEN (true) ELSE false END) WITH CHECK (CASE doorstep_audience() WHEN 'staff' THEN (true) WHEN 'merchant' THEN (true) WHEN 'driver' THEN (true) WHEN 'shopper' THEN (true) WHEN 'provider' THEN (true) WHEN 'public' THEN (true) WHEN 'gate' THEN (true) ELSE false END);
CREATE POLICY pay_rates_system ON pay_rates TO doorstep_system USING (true) WITH CHECK (true);
CREATE POLICY pay_rates_staff_insert ON pay_rates AS RESTRICTIVE FOR INSERT TO doorstep_web WITH CHECK (doorstep_audience() = 'staff');
REVOKE ALL ON proofs FROM PUBLIC;
GRANT SELECT, INSERT, UPDATE, DELETE ON proofs TO doorstep_web;
GRANT SELECT, INSERT, UPDATE, DELETE ON proofs TO doorstep_system;
ALTER TABLE proofs ENABLE ROW LEVEL SECURITY;
ALTER TABLE proofs FORCE ROW LEVEL SECURITY;
CREATE POLICY proofs_web ON proofs TO doorstep_web USING (CASE doorstep_audience() WHEN 'staff' THEN (true) WHEN 'merchant' THEN (EXISTS (SELECT 1 FROM deliveries d WHERE d.id = delivery_id)) WHEN 'driver' THEN (EXISTS (SELECT 1 FROM deliveries d WHERE d.id = delivery_id)) WHEN 'shopper' THEN (EXISTS (SELECT 1 FROM deliveries d WHERE d.id = delivery_id)) WHEN 'provider' THEN (EXISTS (SELECT 1 FROM deliveries d WHERE d.id = delivery_id)) ELSE false END) WITH CHECK (CASE doorstep_audience() WHEN 'staff' THEN (true) WHEN 'merchant' THEN (EXISTS (SELECT 1 FROM deliveries d WHERE d.id = delivery_id)) WHEN 'driver' THEN (EXISTS (SELECT 1 FROM deliveries d WHERE d.id = delivery_id)) WHEN 'shopper' THEN (EXISTS (SELECT 1 FROM deliveries d WHERE d.id = delivery_id)) WHEN 'provider' THEN (EXISTS (SELECT 1 FROM deliveries d WHERE d.id = delivery_id)) ELSE false END);
CREATE POLICY proofs_system ON proofs TO doorstep_system USING (true) WITH CHECK (true);
REVOKE ALL ON provider_deals FROM PUBLIC;
GRANT SELECT, INSERT, UPDATE, DELETE ON provider_deals TO doorstep_web;
GRANT SELECT, INSERT, UPDATE, DELETE ON provider_deals TO doorstep_system;
ALTER TABLE provider_deals ENABLE ROW LEVEL SECURITY;
ALTER TABLE provider_deals FORCE ROW LEVEL SECURITY;
CREATE POLICY provider_deals_web ON provider_deals TO doorstep_web USING (CASE doorstep_audience() WHEN 'staff' THEN (true) WHEN 'provider' THEN (provider_id = doorstep_subject()) ELSE false END) WITH CHECK (CASE doorstep_audience() WHEN 'staff' THEN (true) WHEN 'provider' THEN (provider_id = doorstep_subject()) ELSE false END);
CREATE POLICY provider_deals_system ON provider_deals TO doorstep_system USING (true) WITH CHECK (true);
REVOKE ALL ON provider_jobs FROM PUBLIC;
GRANT SELECT, INSERT, UPDATE, DELETE ON provider_jobs TO doorstep_web;
GRANT SELECT, INSERT, UPDATE, DELETE ON provider_jobs TO doorstep_system;
ALTER TABLE provider_jobs ENABLE ROW LEVEL SECURITY;
ALTER TABLE provider_jobs FORCE ROW LEVEL SECURITY;
CREATE POLICY provider_jobs_web ON provider_jobs TO doorstep_web USING (CASE doorstep_audience() WHEN 'staff' THEN (true) WHEN 'shopper' THEN (delivery_id = doorstep_subject()) WHEN 'provider' THEN (provider_id = doorstep_subject()) ELSE false END) WITH CHECK (CASE doorstep_audience() WHEN 'staff' THEN (true) WHEN 'shopper' THEN (delivery_id = doorstep_subject()) WHEN 'provider' THEN (provider_id = doorstep_subject()) ELSE false END);
CREATE POLICY provider_jobs_system ON provider_jobs TO doorstep_system USING (true) WITH CHECK (true);
REVOKE ALL ON provider_webhooks FROM PUBLIC;
GRANT SELECT, INSERT ON provider_webhooks TO doorstep_web;
GRANT SELECT, INSERT, UPDATE, DELETE ON provider_webhooks TO doorstep_system;
ALTER TABLE provider_webhooks ENABLE ROW LEVEL SECURITY;
ALTER TABLE provider_webhooks FORCE ROW LEVEL SECURITY;
CREATE POLICY provider_webhooks_web ON provider_webhooks TO doorstep_web USING (CASE doorstep_audience() WHEN 'staff' THEN (true) WHEN 'provider' THEN (provider_id = doorstep_subject()) ELSE false END) WITH CHECK (CASE doorstep_audience() WHEN 'staff' THEN (true) WHEN 'provider' THEN (provider_id = doorstep_subject()) ELSE false END);
CREATE POLICY provider_webhooks_system ON provider_webhooks TO doorstep_system USING (true) WITH CHECK (true);
REVOKE ALL ON providers FROM PUBLIC;
GRANT SELECT, INSERT, UPDATE, DELETE ON providers TO doorstep_web;
GRANT SELECT, INSERT, UPDATE, DELETE ON providers TO doorstep_system;
ALTER TABLE providers ENABLE ROW LEVEL SECURITY;
ALTER TABLE providers FORCE ROW LEVEL SECURITY;
CREATE POLICY providers_web ON providers TO doorstep_web USING (CASE doorstep_audience() WHEN 'staff' THEN (true) WHEN 'provider' THEN (id = doorstep_subject()) WHEN 'gate' THEN (true) ELSE false END) WITH CHECK (CASE doorstep_audience() WHEN 'staff' THEN (true) WHEN 'provider' THEN (id = doorstep_subject()) WHEN 'gate' THEN (true) ELSE false END);
CREATE POLICY providers_system ON providers TO doorstep_system USING (true) WITH CHECK (true);
REVOKE ALL ON quotes FROM PUBLIC;
GRANT SELECT, INSERT ON quotes TO doorstep_web;
GRANT SELECT, INSERT, UPDATE, DELETE ON quotes TO doorstep_system;
ALTER TABLE quotes ENABLE ROW LEVEL SECURITY;
ALTER TABLE quotes FORCE ROW LEVEL SECURITY;
CREATE POLICY quotes_web ON quotes TO doorstep_web USING (CASE doorstep_audience() WHEN 'staff' THEN (true) WHEN 'merchant' THEN (merchant_id = doorstep_tenant()) ELSE false END) WITH CHECK (CASE doorstep_audience() WHEN 'staff' THEN (true) WHEN 'merchant' THEN (merchant_id = doorstep_tenant()) ELSE false END);
CREATE POLICY quotes_system ON quotes TO doorstep_system USING (true) WITH CHECK (true);
GRANT UPDATE (used_at) ON quotes TO doorstep_web;
REVOKE ALL ON reckonings FROM PUBLIC;
GRANT SELECT ON reckonings TO doorstep_web;
GRANT SELECT, INSERT ON reckonings TO doorstep_system;
ALTER TABLE reckonings ENABLE ROW LEVEL SECURITY;
ALTER TABLE reckonings FORCE ROW LEVEL SECURITY;
CREATE POLICY reckonings_web ON reckonings TO doorstep_web USING (CASE doorstep_audience() WHEN 'staff' THEN (true) WHEN 'driver' THEN (driver_id = doorstep_subject()) ELSE false END) WITH CHECK (CASE doorstep_audience() WHEN 'staff' THEN (true) WHEN 'driver' THEN (driver_id = doorstep_subject()) ELSE false END);
CREATE POLICY reckonings_system ON reckonings TO doorstep_system USING (true) WITH CHECK (true);
CREATE POLICY reckonings_compared ON reckonings FOR SELECT TO CURRENT_USER USING (true);

CREATE FUNCTION payouts_compared(market uuid, driver uuid)
RETURNS TABLE (market_id uuid, week date, currency text, drivers bigint, deliveries bigint,
               promised bigint, paid bigint, additions bigint, difference bigint)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
  WITH due AS (
    SELECT r.market_id, r.delivery_id, r.driver_id, r.currency,
           date_trunc('week', min(r.day)::timestamp)::date AS week, sum(r.due_minor) AS promised
      FROM reckonings r
     WHERE (market IS NULL OR r.market_id = market) AND (driver IS NULL OR r.driver_id = driver)
     GROUP BY r.market_id, r.delivery_id, r.driver_id, r.currency
  ), beside AS (
    SELECT d.*,
           (SELECT coalesce(-sum(e.amount_minor), 0) FROM ledger_entries e
             WHERE e.delivery_id = d.delivery_id AND e.owner_kind = 'driver' AND e.owner_id = d.driver_id
               AND e.currency = d.currency AND NOT e.pending) AS received,
           (SELECT coalesce(sum(a.amount_minor), 0) FROM earnings a
             WHERE a.delivery_id = d.delivery_id AND a.driver_id = d.driver_id
               AND a.currency = d.currency AND NOT a.promised) AS added
      FROM due d
  )
  SELECT b.market_id, b.week, b.currency, count(DISTINCT b.driver_id), count(*), sum(b.promised)::bigint,
         sum(b.received - b.added)::bigint, sum(b.added)::bigint,
         sum(abs(b.promised + b.added - b.received))::bigint
    FROM beside b GROUP BY b.market_id, b.week, b.currency ORDER BY b.market_id, b.week, b.currency
$$;
REVOKE ALL ON FUNCTION payouts_compared(uuid, uuid) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION payouts_compared(uuid, uuid) TO doorstep_web, doorstep_system;
REVOKE ALL ON safety_calls FROM PUBLIC;
GRANT SELECT, INSERT ON safety_calls TO doorstep_web;
GRANT SELECT, INSERT ON safety_calls TO doorstep_system;
ALTER TABLE safety_calls ENABLE ROW LEVEL SECURITY;
ALTER TABLE safety_calls FORCE ROW LEVEL SECURITY;
CREATE POLICY safety_calls_web ON safety_calls TO doorstep_web USING (CASE doorstep_audience() WHEN 'staff' THEN (true) WHEN 'driver' THEN (driver_id = doorstep_subject()) ELSE false END) WITH CHECK (CASE doorstep_audience() WHEN 'staff' THEN (true) WHEN 'driver' THEN (driver_id = doorstep_subject()) ELSE false END);
CREATE POLICY safety_calls_system ON safety_calls TO doorstep_system USING (true) WITH CHECK (true);
REVOKE ALL ON sessions FROM PUBLIC;
GRANT SELECT, INSERT, UPDATE, DELETE ON sessions TO doorstep_web;
GRANT SELECT, INSERT, UPDATE, DELETE ON sessions TO doorstep_system;
ALTER TABLE sessions ENABLE ROW LEVEL SECURITY;
ALTER TABLE sessions FORCE ROW LEVEL SECURITY;
CREATE POLICY sessions_web ON sessions TO doorstep_web USING (CASE doorstep_audience() WHEN 'staff' THEN (true) WHEN 'merchant' THEN (audience = 'merchant' AND tenant = doorstep_tenant() AND subject = doorstep_subject()) WHEN 'driver' THEN (audience = 'driver' AND subject = doorstep_subject()) WHEN 'gate' THEN (true) ELSE false END) WITH CHECK (CASE doorstep_audience() WHEN 'staff' THEN (true) WHEN 'merchant' THEN (audience = 'merchant' AND tenant = doorstep_tenant() AND subject = doorstep_subject()) WHEN 'driver' THEN (audience = 'driver' AND subject = doorstep_subject()) WHEN 'gate' THEN (true) ELSE false END);
CREATE POLICY sessions_system ON sessions TO doorstep_system USING (true) WITH CHECK (true);
REVOKE ALL ON sign_in_codes FROM PUBLIC;
GRANT SELECT, INSERT, UPDATE, DELETE ON sign_in_codes TO doorstep_web;
GRANT SELECT, INSERT, UPDATE, DELETE ON sign_in_codes TO doorstep_system;
ALTER TABLE sign_in_codes ENABLE ROW LEVEL SECURITY;
ALTER TABLE sign_in_codes FORCE ROW LEVEL SECURITY;
CREATE POLICY sign_in_codes_web ON sign_in_codes TO doorstep_web USING (CASE doorstep_audience() WHEN 'gate' THEN (true) ELSE false END) WITH CHECK (CASE doorstep_audience() WHEN 'gate' THEN (true) ELSE false END);
CREATE POLICY sign_in_codes_system ON sign_in_codes TO doorstep_system USING (true) WITH CHECK (true);
REVOKE ALL ON staff FROM PUBLIC;
GRANT SELECT, INSERT, UPDATE, DELETE ON staff TO doorstep_web;
GRANT SELECT, INSERT, UPDATE, DELETE ON staff TO doorstep_system;
ALTER TABLE staff ENABLE ROW LEVEL SECURITY;
ALTER TABLE staff FORCE ROW LEVEL SECURITY;
CREATE POLICY staff_web ON staff TO doorstep_web USING (CASE doorstep_audience() WHEN 'staff' THEN (true) WHEN 'gate' THEN (true) ELSE false END) WITH CHECK (CASE doorstep_audience() WHEN 'staff' THEN (true) WHEN 'gate' THEN (true) ELSE false END);
CREATE POLICY staff_system ON staff TO doorstep_system USING (true) WITH CHECK (true);
REVOKE ALL ON stores FROM PUBLIC;
GRANT SELECT, INSERT, UPDATE ON stores TO doorstep_web;
GRANT SELECT, INSERT, UPDATE ON stores TO doorstep_system;
ALTER TABLE stores ENABLE ROW LEVEL SECURITY;
ALTER TABLE stores FORCE ROW LEVEL SECURITY;
CREATE POLICY stores_web ON stores TO doorstep_web USING (CASE doorstep_audience() WHEN 'staff' THEN (true) WHEN 'merchant' THEN (merchant_id = doorstep_tenant()) ELSE false END) WITH CHECK (CASE doorstep_audience() WHEN 'staff' THEN (true) WHEN 'merchant' THEN (merchant_id = doorstep_tenant()) ELSE false END);
CREATE POLICY stores_system ON stores TO doorstep_system USING (true) WITH CHECK (true);
REVOKE ALL ON tariffs FROM PUBLIC;
GRANT SELECT, INSERT ON tariffs TO doorstep_web;
GRANT SELECT, INSERT ON tariffs TO doorstep_system;
ALTER TABLE tariffs ENABLE ROW LEVEL SECURITY;
ALTER TABLE tariffs FORCE ROW LEVEL SECURITY;
CREATE POLICY tariffs_web ON tariffs TO doorstep_web USING (CASE doorstep_audience() WHEN 'staff' THEN (true) WHEN 'merchant' THEN (true) WHEN 'driver' THEN (true) WHEN 'shopper' THEN (true) WHEN 'provider' THEN (true) WHEN 'public' THEN (true) WHEN 'gate' THEN (true) ELSE false END) WITH CHECK (CASE doorstep_audience() WHEN 'staff' THEN (true) WHEN 'merchant' THEN (true) WHEN 'driver' THEN (true) WHEN 'shopper' THEN (true) WHEN 'provider' THEN (true) WHEN 'public' THEN (true) WHEN 'gate' THEN (true) ELSE false END);
CREATE POLICY tariffs_system ON tariffs TO doorstep_system USING (true) WITH CHECK (true);
CREATE POLICY tariffs_staff_insert ON tariffs AS RESTRICTIVE FOR INSERT TO doorstep_web WITH CHECK (doorstep_audience() = 'staff');
REVOKE ALL ON visits FROM PUBLIC;
GRANT SELECT, INSERT, UPDATE, DELETE ON visits TO doorstep_web;
GRANT SELECT, INSERT, UPDATE, DELETE ON visits TO doorstep_system;
ALTER TABLE visits ENABLE ROW LEVEL SECURITY;
ALTER TABLE visits FORCE ROW LEVEL SECURITY;
CREATE POLICY visits_web ON visits TO doorstep_web USING (CASE doorstep_audience() WHEN 'gate' THEN (true) ELSE false END) WITH CHECK (CASE doorstep_audience() WHEN 'gate' THEN (true) ELSE false END);
CREATE POLICY visits_system ON visits TO doorstep_system USING (true) WITH CHECK (true);
REVOKE ALL ON wake_subscriptions FROM PUBLIC;
GRANT SELECT, INSERT, UPDATE, DELETE ON wake_subscriptions TO doorstep_web;
GRANT SELECT, DELETE ON wake_subscriptions TO doorstep_system;
ALTER TABLE wake_subscriptions ENABLE ROW LEVEL SECURITY;
ALTER TABLE wake_subscriptions FORCE ROW LEVEL SECURITY;
CREATE POLICY wake_subscriptions_web ON wake_subscriptions TO doorstep_web USING (CASE doorstep_audience() WHEN 'driver' THEN (driver_id = doorstep_subject()) ELSE false END) WITH CHECK (CASE doorstep_audience() WHEN 'driver' THEN (driver_id = doorstep_subject()) ELSE false END);
CREATE POLICY wake_subscriptions_system ON wake_subscriptions TO doorstep_system USING (true) WITH CHECK (true);
REVOKE ALL ON webhook_attempts FROM PUBLIC;
GRANT SELECT, INSERT, UPDATE, DELETE ON webhook_attempts TO doorstep_web;
GRANT SELECT, INSERT, UPDATE, DELETE ON webhook_attempts TO doorstep_system;
ALTER TABLE webhook_attempts ENABLE ROW LEVEL SECURITY;
ALTER TABLE webhook_attempts FORCE ROW LEVEL SECURITY;
CREATE POLICY webhook_attempts_web ON webhook_attempts TO doorstep_web USING (CASE doorstep_audience() WHEN 'staff' THEN (true) WHEN 'merchant' THEN (merchant_id = doorstep_tenant()) ELSE false END) WITH CHECK (CASE doorstep_audience() WHEN 'staff' THEN (true) WHEN 'merchant' THEN (merchant_id = doorstep_tenant()) ELSE false END);
CREATE POLICY webhook_attempts_system ON webhook_attempts TO doorstep_system USING (true) WITH CHECK (true);
REVOKE ALL ON webhook_endpoints FROM PUBLIC;
GRANT SELECT, INSERT, UPDATE, DELETE ON webhook_endpoints TO doorstep_web;
GRANT SELECT, INSERT, UPDATE, DELETE ON webhook_endpoints TO doorstep_system;
ALTER TABLE webhook_endpoints ENABLE ROW LEVEL SECURITY;
ALTER TABLE webhook_endpoints FORCE ROW LEVEL SECURITY;
CREATE POLICY webhook_endpoints_web ON webhook_endpoints TO doorstep_web USING (CASE doorstep_audience() WHEN 'staff' THEN (true) WHEN 'merchant' THEN (merchant_id = doorstep_tenant()) ELSE false END) WITH CHECK (CASE doorstep_audience() WHEN 'staff' THEN (true) WHEN 'merchant' THEN (merchant_id = doorstep_tenant()) ELSE false END);
CREATE POLICY webhook_endpoints_system ON webhook_endpoints TO doorstep_system USING (true) WITH CHECK (true);
REVOKE ALL ON webhook_messages FROM PUBLIC;
GRANT SELECT, INSERT, UPDATE, DELETE ON webhook_messages TO doorstep_web;
GRANT SELECT, INSERT, UPDATE, DELETE ON webhook_messages TO doorstep_system;
ALTER TABLE webhook_messages ENABLE ROW LEVEL SECURITY;
ALTER TABLE webhook_messages FORCE ROW LEVEL SECURITY;
CREATE POLICY webhook_messages_web ON webhook_messages TO doorstep_web USING (CASE doorstep_audience() WHEN 'staff' THEN (true) WHEN 'merchant' THEN (merchant_id = doorstep_tenant()) ELSE false END) WITH CHECK (CASE doorstep_audience() WHEN 'staff' THEN (true) WHEN 'merchant' THEN (merchant_id = doorstep_tenant()) ELSE false END);
CREATE POLICY webhook_messages_system ON webhook_messages TO doorstep_system USING (true) WITH CHECK (true);
REVOKE ALL ON webhook_told FROM PUBLIC;
GRANT SELECT, INSERT, UPDATE, DELETE ON webhook_told TO doorstep_system;
ALTER TABLE webhook_told ENABLE ROW LEVEL SECURITY;
ALTER TABLE webhook_told FORCE ROW LEVEL SECURITY;
CREATE POLICY webhook_told_web ON webhook_told TO doorstep_web USING (false) WITH CHECK (false);
CREATE POLICY webhook_told_system ON webhook_told TO doorstep_system USING (true) WITH CHECK (true);
REVOKE ALL ON ledger_closures FROM PUBLIC;
GRANT SELECT, INSERT ON ledger_closures TO doorstep_web;
GRANT SELECT, INSERT ON ledger_closures TO doorstep_system;
ALTER TABLE ledger_closures ENABLE ROW LEVEL SECURITY;
ALTER TABLE ledger_closures FORCE ROW LEVEL SECURITY;
CREATE POLICY ledger_closures_web ON ledger_closures TO doorstep_web USING (CASE doorstep_audience() WHEN 'staff' THEN (true) WHEN 'merchant' THEN (tenant_id = doorstep_tenant()) ELSE false END) WITH CHECK (CASE doorstep_audience() WHEN 'staff' THEN (true) WHEN 'merchant' THEN (tenant_id = doorstep_tenant()) ELSE false END);
CREATE POLICY ledger_closures_system ON ledger_closures TO doorstep_system USING (true) WITH CHECK (true);

CREATE FUNCTION ledger_close_reserve() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
  SET search_path = public, pg_temp AS $$
BEGIN
  IF NOT EXISTS (SELECT FROM ledger_transactions t WHERE t.id = NEW.transaction_id AND t.state = 'pending') THEN
    RAISE EXCEPTION 'only a pending transaction can be closed' USING ERRCODE = 'check_violation';
  END IF;
  UPDATE ledger_owed o SET pending_minor = o.pending_minor - r.amount_minor
    FROM (SELECT e.owner_id, e.currency, sum(e.amount_minor) AS amount_minor FROM ledger_entries e
           WHERE e.transaction_id = NEW.transaction_id AND e.owner_kind = 'merchant' GROUP BY 1, 2) r
   WHERE o.merchant_id = r.owner_id AND o.currency = r.currency;
  RETURN NULL;
END $$;
CREATE POLICY ledger_closures_checks ON ledger_closures FOR SELECT TO CURRENT_USER USING (true);
CREATE TRIGGER ledger_closures_frozen BEFORE UPDATE OR DELETE OR TRUNCATE ON ledger_closures FOR EACH STATEMENT EXECUTE FUNCTION ledger_refuse_change();
CREATE TRIGGER ledger_closures_close AFTER INSERT ON ledger_closures FOR EACH ROW EXECUTE FUNCTION ledger_close_reserve();
REVOKE ALL ON ledger_entries FROM PUBLIC;
GRANT SELECT, INSERT ON ledger_entries TO doorstep_web;
GRANT SELECT, INSERT ON ledger_entries TO doorstep_system;
ALTER TABLE ledger_entries ENABLE ROW LEVEL SECURITY;
ALTER TABLE ledger_entries FORCE ROW LEVEL SECURITY;
CREATE POLICY ledger_entries_web ON ledger_entries TO doorstep_web USING (CASE doorstep_audience() WHEN 'staff' THEN (true) WHEN 'merchant' THEN (owner_kind = 'merchant' AND owner_id = doorstep_tenant()) WHEN 'driver' THEN (owner_kind = 'driver' AND owner_id = doorstep_subject()) WHEN 'provider' THEN (owner_kind = 'provider' AND owner_id = doorstep_subject()) ELSE false END) WITH CHECK (CASE doorstep_audience() WHEN 'staff' THEN (true) WHEN 'merchant' THEN (owner_kind = 'merchant' AND owner_id = doorstep_tenant()) WHEN 'driver' THEN (owner_kind = 'driver' AND owner_id = doorstep_subject()) WHEN 'provider' THEN (owner_kind = 'provider' AND owner_id = doorstep_subject()) ELSE false END);
CREATE POLICY ledger_entries_system ON ledger_entries TO doorstep_system USING (true) WITH CHECK (true);
CREATE POLICY ledger_entries_adds ON ledger_entries FOR INSERT TO doorstep_web WITH CHECK (doorstep_audience() = 'merchant' AND owner_kind = 'platform');

CREATE FUNCTION ledger_track_owed() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
  SET search_path = public, pg_temp AS $$
BEGIN
  INSERT INTO ledger_owed AS o (merchant_id, currency, posted_minor, pending_minor)
  VALUES (NEW.owner_id, NEW.currency, CASE WHEN NEW.pending THEN 0 ELSE NEW.amount_minor END,
          CASE WHEN NEW.pending THEN NEW.amount_minor ELSE 0 END)
  ON CONFLICT (merchant_id, currency) DO UPDATE
    SET posted_minor = o.posted_minor + excluded.posted_minor,
        pending_minor = o.pending_minor + excluded.pending_minor;
  RETURN NULL;
END $$;
CREATE POLICY ledger_entries_checks ON ledger_entries FOR SELECT TO CURRENT_USER USING (true);
CREATE TRIGGER ledger_entries_frozen BEFORE UPDATE OR DELETE OR TRUNCATE ON ledger_entries FOR EACH STATEMENT EXECUTE FUNCTION ledger_refuse_change();
CREATE CONSTRAINT TRIGGER ledger_entries_balanced AFTER INSERT ON ledger_entries DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION ledger_check_balanced();
CREATE TRIGGER ledger_entries_owed AFTER INSERT ON ledger_entries FOR EACH ROW WHEN (NEW.owner_kind = 'merchant') EXECUTE FUNCTION ledger_track_owed();
REVOKE ALL ON offer_answers FROM PUBLIC;
GRANT SELECT, INSERT ON offer_answers TO doorstep_web;
GRANT SELECT, INSERT ON offer_answers TO doorstep_system;
ALTER TABLE offer_answers ENABLE ROW LEVEL SECURITY;
ALTER TABLE offer_answers FORCE ROW LEVEL SECURITY;
CREATE POLICY offer_answers_web ON offer_answers TO doorstep_web USING (CASE doorstep_audience() WHEN 'staff' THEN (true) WHEN 'driver' THEN (driver_id = doorstep_subject()) ELSE false END) WITH CHECK (CASE doorstep_audience() WHEN 'staff' THEN (true) WHEN 'driver' THEN (driver_id = doorstep_subject()) ELSE false END);
CREATE POLICY offer_answers_system ON offer_answers TO doorstep_system USING (true) WITH CHECK (true);
REVOKE ALL ON offered_deliveries FROM PUBLIC;
GRANT SELECT, INSERT, UPDATE ON offered_deliveries TO doorstep_web;
GRANT SELECT, INSERT, UPDATE ON offered_deliveries TO doorstep_system;
ALTER TABLE offered_deliveries ENABLE ROW LEVEL SECURITY;
ALTER TABLE offered_deliveries FORCE ROW LEVEL SECURITY;
CREATE POLICY offered_deliveries_web ON offered_deliveries TO doorstep_web USING (CASE doorstep_audience() WHEN 'staff' THEN (true) WHEN 'driver' THEN (doorstep_subject() = ANY (driver_ids)) ELSE false END) WITH CHECK (CASE doorstep_audience() WHEN 'staff' THEN (true) WHEN 'driver' THEN (doorstep_subject() = ANY (driver_ids)) ELSE false END);
CREATE POLICY offered_deliveries_system ON offered_deliveries TO doorstep_system USING (true) WITH CHECK (true);
REVOKE ALL ON trips FROM PUBLIC;
GRANT SELECT, INSERT, UPDATE ON trips TO doorstep_web;
GRANT SELECT, INSERT, UPDATE ON trips TO doorstep_system;
ALTER TABLE trips ENABLE ROW LEVEL SECURITY;
ALTER TABLE trips FORCE ROW LEVEL SECURITY;
CREATE POLICY trips_web ON trips TO doorstep_web USING (CASE doorstep_audience() WHEN 'staff' THEN (true) WHEN 'driver' THEN (driver_id = doorstep_subject()) ELSE false END) WITH CHECK (CASE doorstep_audience() WHEN 'staff' THEN (true) WHEN 'driver' THEN (driver_id = doorstep_subject()) ELSE false END);
CREATE POLICY trips_system ON trips TO doorstep_system USING (true) WITH CHECK (true);
REVOKE ALL ON trip_changes FROM PUBLIC;
GRANT SELECT, INSERT ON trip_changes TO doorstep_web;
GRANT SELECT, INSERT ON trip_changes TO doorstep_system;
ALTER TABLE trip_changes ENABLE ROW LEVEL SECURITY;
ALTER TABLE trip_changes FORCE ROW LEVEL SECURITY;
CREATE POLICY trip_changes_web ON trip_changes TO doorstep_web USING (CASE doorstep_audience() WHEN 'staff' THEN (true) WHEN 'driver' THEN (driver_id = doorstep_subject()) ELSE false END) WITH CHECK (CASE doorstep_audience() WHEN 'staff' THEN (true) WHEN 'driver' THEN (driver_id = doorstep_subject()) ELSE false END);
CREATE POLICY trip_changes_system ON trip_changes TO doorstep_system USING (true) WITH CHECK (true);
REVOKE ALL ON trip_stops FROM PUBLIC;
GRANT SELECT, INSERT, UPDATE ON trip_stops TO doorstep_web;
GRANT SELECT, INSERT, UPDATE ON trip_stops TO doorstep_system;
ALTER TABLE trip_stops ENABLE ROW LEVEL SECURITY;
ALTER TABLE trip_stops FORCE ROW LEVEL SECURITY;
CREATE POLICY trip_stops_web ON trip_stops TO doorstep_web USING (CASE doorstep_audience() WHEN 'staff' THEN (true) WHEN 'driver' THEN (driver_id = doorstep_subject()) ELSE false END) WITH CHECK (CASE doorstep_audience() WHEN 'staff' THEN (true) WHEN 'driver' THEN (driver_id = doorstep_subject()) ELSE false END);
CREATE POLICY trip_stops_system ON trip_stops TO doorstep_system USING (true) WITH CHECK (true);
