//! The tables as Diesel sees them. Portable column types only.

diesel::table! {
    settings (name) {
        name -> Text,
        value -> Text,
    }
}

diesel::table! {
    counters (name) {
        name -> Text,
        value -> BigInt,
    }
}

diesel::table! {
    markets (id) {
        id -> BigInt,
        slug -> Text,
        name -> Text,
        currency -> Text,
        time_zone -> Text,
        locale -> Text,
        country -> Text,
        order_prefix -> Text,
        tax_included -> Bool,
        abandon_after_minutes -> BigInt,
        created_at -> BigInt,
        languages -> Text,
        tax_rate_ppm -> BigInt,
        abandons -> Bool,
        stock_hold_minutes -> BigInt,
        deliver_after_days -> Nullable<BigInt>,
        archive_after_days -> Nullable<BigInt>,
        holds_after_hours -> Bool,
        payment_methods -> Text,
        invoice_series -> Text,
        credit_series -> Text,
        tracked_ways -> Text,
        approves_itself -> Bool,
        approve_up_to_minor -> Nullable<BigInt>,
    }
}

diesel::table! {
    channels (id) {
        id -> BigInt,
        market_id -> BigInt,
        slug -> Text,
        name -> Text,
        kind -> Text,
        created_at -> BigInt,
        payment_method -> Text,
    }
}

diesel::table! {
    market_hours (market_id, weekday) {
        market_id -> BigInt,
        weekday -> BigInt,
        opens_minute -> BigInt,
        closes_minute -> BigInt,
    }
}

diesel::table! {
    market_closed_days (market_id, day) {
        market_id -> BigInt,
        day -> Text,
    }
}

diesel::table! {
    timer_waits (order_id) {
        order_id -> BigInt,
        until_at -> BigInt,
    }
}

diesel::table! {
    staff (id) {
        id -> BigInt,
        uid -> Text,
        email -> Text,
        name -> Text,
        role -> Text,
        password_hash -> Nullable<Text>,
        preferences -> Text,
        created_at -> BigInt,
        disabled_at -> Nullable<BigInt>,
        last_seen_at -> Nullable<BigInt>,
        markets -> Text,
    }
}

diesel::table! {
    staff_links (token_hash) {
        token_hash -> Text,
        staff_id -> BigInt,
        purpose -> Text,
        created_by -> Nullable<BigInt>,
        created_at -> BigInt,
        expires_at -> BigInt,
        used_at -> Nullable<BigInt>,
    }
}

diesel::table! {
    sessions (key_hash) {
        key_hash -> Text,
        uid -> Text,
        staff_id -> Nullable<BigInt>,
        state -> Text,
        address -> Text,
        agent -> Text,
        created_at -> BigInt,
        seen_at -> BigInt,
        expires_at -> BigInt,
    }
}

diesel::table! {
    sign_in_failures (subject) {
        subject -> Text,
        failures -> BigInt,
        blocked_until -> BigInt,
        last_at -> BigInt,
    }
}

diesel::table! {
    api_keys (id) {
        id -> BigInt,
        uid -> Text,
        name -> Text,
        token_hash -> Text,
        scopes -> Text,
        created_at -> BigInt,
        last_used_at -> Nullable<BigInt>,
        revoked_at -> Nullable<BigInt>,
        staff_id -> Nullable<BigInt>,
        markets -> Text,
        rate_per_minute -> Nullable<BigInt>,
        requires_match -> Bool,
    }
}

diesel::table! {
    signing_keys (kid) {
        kid -> Text,
        private_key -> Text,
        created_at -> BigInt,
        retired_at -> Nullable<BigInt>,
    }
}

diesel::table! {
    bulk_jobs (id) {
        id -> BigInt,
        uid -> Text,
        key_id -> BigInt,
        action -> Text,
        orders -> Text,
        results -> Text,
        total -> BigInt,
        done -> BigInt,
        created_at -> BigInt,
        finished_at -> Nullable<BigInt>,
    }
}

diesel::table! {
    carts (id) {
        id -> BigInt,
        uid -> Text,
        channel_id -> BigInt,
        cart_id -> Text,
        content -> Text,
        created_at -> BigInt,
        updated_at -> BigInt,
    }
}

diesel::table! {
    request_keys (credential, request_key) {
        credential -> Text,
        request_key -> Text,
        fingerprint -> Text,
        status -> BigInt,
        headers -> Text,
        body -> Text,
        created_at -> BigInt,
    }
}

diesel::table! {
    saved_views (id) {
        id -> BigInt,
        uid -> Text,
        owner_id -> Nullable<BigInt>,
        slug -> Text,
        name -> Text,
        icon -> Text,
        query -> Text,
        position -> BigInt,
        created_at -> BigInt,
    }
}

diesel::table! {
    jobs (id) {
        id -> BigInt,
        kind -> Text,
        payload -> Text,
        unique_key -> Nullable<Text>,
        run_at -> BigInt,
        attempts -> BigInt,
        claimed_until -> Nullable<BigInt>,
        last_error -> Nullable<Text>,
        failed_at -> Nullable<BigInt>,
        created_at -> BigInt,
    }
}

diesel::table! {
    stages (slug) {
        slug -> Text,
        label -> Text,
        public_label -> Nullable<Text>,
        base -> Text,
        position -> BigInt,
        colour -> Text,
        is_default -> Bool,
        hidden -> Bool,
        active -> Bool,
        sla_minutes -> Nullable<BigInt>,
        required_fields -> Text,
        sends_message -> Bool,
    }
}

diesel::table! {
    customers (id) {
        id -> BigInt,
        uid -> Text,
        name -> Text,
        email -> Nullable<Text>,
        phone -> Nullable<Text>,
        phone_digits -> Nullable<Text>,
        locale -> Text,
        created_at -> BigInt,
        sort_key -> Text,
        order_count -> BigInt,
        spent_minor -> BigInt,
        first_order_at -> BigInt,
        last_order_at -> BigInt,
        version -> BigInt,
        erased_at -> Nullable<BigInt>,
        merged_into_id -> Nullable<BigInt>,
        indexed_at -> Nullable<BigInt>,
    }
}

diesel::table! {
    products (id) {
        id -> BigInt,
        uid -> Text,
        sku -> Text,
        title -> Text,
        variant -> Text,
        picture -> Text,
        bin -> Text,
        barcode -> Text,
        grams -> BigInt,
        price_minor -> BigInt,
        created_at -> BigInt,
        tracked -> Bool,
        oversell -> Bool,
        low_at -> Nullable<BigInt>,
        version -> BigInt,
    }
}

diesel::table! {
    product_prices (product_id, market_id) {
        product_id -> BigInt,
        market_id -> BigInt,
        price_minor -> BigInt,
    }
}

diesel::table! {
    product_parts (bundle_id, part_id) {
        bundle_id -> BigInt,
        part_id -> BigInt,
        quantity -> BigInt,
    }
}

diesel::table! {
    stock_levels (product_id) {
        product_id -> BigInt,
        on_hand -> BigInt,
        allocated -> BigInt,
        soft_held -> BigInt,
        low_told_at -> Nullable<BigInt>,
    }
}

diesel::table! {
    stock_claims (line_id, product_id) {
        line_id -> BigInt,
        product_id -> BigInt,
        order_id -> BigInt,
        soft_held -> BigInt,
        allocated -> BigInt,
        shipped -> BigInt,
        put_back -> BigInt,
        expires_at -> Nullable<BigInt>,
    }
}

diesel::table! {
    stock_movements (id) {
        id -> BigInt,
        product_id -> BigInt,
        line_id -> Nullable<BigInt>,
        cause_kind -> Text,
        cause_key -> Text,
        on_hand -> BigInt,
        allocated -> BigInt,
        soft_held -> BigInt,
        note -> Text,
        actor_name -> Text,
        happened_at -> BigInt,
    }
}

diesel::table! {
    orders (id) {
        id -> BigInt,
        uid -> Text,
        number -> BigInt,
        market_id -> BigInt,
        channel_id -> BigInt,
        cart_id -> Nullable<Text>,
        source_ref -> Nullable<Text>,
        stage -> Text,
        base -> Text,
        base_rank -> BigInt,
        resume_stage -> Nullable<Text>,
        resume_base -> Nullable<Text>,
        stage_entered_at -> BigInt,
        payment_status -> Text,
        payment_sort -> BigInt,
        payment_method -> Text,
        fulfilment_status -> Text,
        currency -> Text,
        subtotal_minor -> BigInt,
        discount_minor -> BigInt,
        shipping_minor -> BigInt,
        tax_minor -> BigInt,
        tax_included -> Bool,
        total_minor -> BigInt,
        cancelled_minor -> BigInt,
        authorized_minor -> BigInt,
        captured_minor -> BigInt,
        refunded_minor -> BigInt,
        paid_at -> Nullable<BigInt>,
        customer_id -> Nullable<BigInt>,
        customer_name -> Text,
        customer_sort -> Text,
        email -> Text,
        phone -> Text,
        ship_address -> Nullable<Text>,
        bill_address -> Nullable<Text>,
        ship_city -> Text,
        ship_country -> Text,
        shipping_method -> Text,
        unit_count -> BigInt,
        gift -> Bool,
        gift_message -> Text,
        customer_note -> Text,
        note_count -> BigInt,
        message_count -> BigInt,
        unread_count -> BigInt,
        tags -> Text,
        assignee_id -> Nullable<BigInt>,
        due_at -> Nullable<BigInt>,
        abandon_at -> Nullable<BigInt>,
        placed_at -> BigInt,
        created_at -> BigInt,
        updated_at -> BigInt,
        printed_at -> Nullable<BigInt>,
        print_count -> BigInt,
        version -> BigInt,
        user_ref -> Text,
        custom -> Text,
        talked_at -> Nullable<BigInt>,
        asked_at -> Nullable<BigInt>,
        language -> Text,
        written_off_minor -> BigInt,
    }
}

diesel::table! {
    order_lines (id) {
        id -> BigInt,
        uid -> Text,
        order_id -> BigInt,
        position -> BigInt,
        product_id -> Nullable<BigInt>,
        sku -> Text,
        title -> Text,
        variant -> Text,
        picture -> Text,
        bin -> Text,
        properties -> Text,
        quantity -> BigInt,
        unit_minor -> BigInt,
        discount_minor -> BigInt,
        tax_minor -> BigInt,
        total_minor -> BigInt,
        grams -> BigInt,
        requires_shipping -> Bool,
        gift -> Bool,
        cancelled_quantity -> BigInt,
        packed_quantity -> BigInt,
        shipped_quantity -> BigInt,
        returned_quantity -> BigInt,
    }
}

diesel::table! {
    order_charges (id) {
        id -> BigInt,
        order_id -> BigInt,
        position -> BigInt,
        kind -> Text,
        label -> Text,
        code -> Text,
        amount_minor -> BigInt,
        rate_ppm -> Nullable<BigInt>,
    }
}

diesel::table! {
    order_tags (order_id, tag) {
        order_id -> BigInt,
        tag -> Text,
    }
}

diesel::table! {
    payments (id) {
        id -> BigInt,
        uid -> Text,
        order_id -> BigInt,
        kind -> Text,
        parent_id -> Nullable<BigInt>,
        amount_minor -> BigInt,
        currency -> Text,
        state -> Text,
        provider -> Text,
        method -> Text,
        reference -> Text,
        note -> Text,
        expires_at -> Nullable<BigInt>,
        created_at -> BigInt,
        settled_at -> Nullable<BigInt>,
        actor_name -> Text,
        is_final -> Bool,
        reason -> Text,
        shipping_minor -> BigInt,
        adjustment_minor -> BigInt,
        problem -> Text,
        retries_id -> Nullable<BigInt>,
    }
}

diesel::table! {
    payment_methods (id) {
        id -> BigInt,
        key -> Text,
        label -> Text,
        position -> BigInt,
        offline -> Bool,
        completes_unpaid -> Bool,
        to_approve -> Text,
        captured_before_ship -> Bool,
        capture_at -> Text,
        ceiling_minor -> Nullable<BigInt>,
        ceiling_currency -> Nullable<Text>,
        authorization_days -> Nullable<BigInt>,
        never_abandons -> Bool,
        active -> Bool,
        abandon_after_minutes -> Nullable<BigInt>,
        instructions -> Text,
    }
}

diesel::table! {
    refund_lines (id) {
        id -> BigInt,
        payment_id -> BigInt,
        line_id -> BigInt,
        quantity -> BigInt,
        amount_minor -> BigInt,
        tax_minor -> BigInt,
    }
}

diesel::table! {
    holds (id) {
        id -> BigInt,
        uid -> Text,
        order_id -> BigInt,
        reason -> Text,
        note -> Text,
        until_at -> Nullable<BigInt>,
        stock_mode -> Text,
        placed_at -> BigInt,
        placed_by -> Text,
        released_at -> Nullable<BigInt>,
        released_by -> Nullable<Text>,
    }
}

diesel::table! {
    decisions (id) {
        id -> BigInt,
        order_id -> BigInt,
        kind -> Text,
        reason -> Text,
        note -> Text,
        refund -> Text,
        restock -> Bool,
        notify -> Bool,
        decided_at -> BigInt,
        decided_by -> Text,
        undone_at -> Nullable<BigInt>,
    }
}

diesel::table! {
    shipments (id) {
        id -> BigInt,
        uid -> Text,
        order_id -> BigInt,
        position -> BigInt,
        state -> Text,
        carrier -> Text,
        tracking -> Text,
        packed_by -> Text,
        created_at -> BigInt,
        packed_at -> Nullable<BigInt>,
        shipped_at -> Nullable<BigInt>,
        delivered_at -> Nullable<BigInt>,
    }
}

diesel::table! {
    shipment_lines (shipment_id, line_id) {
        shipment_id -> BigInt,
        line_id -> BigInt,
        quantity -> BigInt,
        scanned -> BigInt,
    }
}

diesel::table! {
    returns (id) {
        id -> BigInt,
        uid -> Text,
        order_id -> BigInt,
        position -> BigInt,
        state -> Text,
        reason -> Text,
        note -> Text,
        answer -> Text,
        requested_at -> BigInt,
        requested_by -> Text,
        decided_at -> Nullable<BigInt>,
        decided_by -> Text,
        received_at -> Nullable<BigInt>,
        received_by -> Text,
        closed_at -> Nullable<BigInt>,
    }
}

diesel::table! {
    return_lines (return_id, line_id) {
        return_id -> BigInt,
        line_id -> BigInt,
        quantity -> BigInt,
        restock -> BigInt,
        damaged -> BigInt,
        discard -> BigInt,
        missing -> BigInt,
    }
}

diesel::table! {
    notes (id) {
        id -> BigInt,
        uid -> Text,
        order_id -> BigInt,
        audience -> Text,
        body -> Text,
        author_id -> Nullable<BigInt>,
        author_name -> Text,
        created_at -> BigInt,
        edited_at -> Nullable<BigInt>,
        deleted_at -> Nullable<BigInt>,
    }
}

diesel::table! {
    messages (id) {
        id -> BigInt,
        uid -> Text,
        order_id -> BigInt,
        direction -> Text,
        transport -> Text,
        body -> Text,
        author_name -> Text,
        state -> Text,
        created_at -> BigInt,
        read_at -> Nullable<BigInt>,
        external_id -> Nullable<Text>,
        details -> Text,
        problem -> Text,
        attempts -> BigInt,
        due_at -> Nullable<BigInt>,
        sent_at -> Nullable<BigInt>,
        delivered_at -> Nullable<BigInt>,
    }
}

diesel::table! {
    message_statuses (id) {
        id -> BigInt,
        transport -> Text,
        external_id -> Text,
        status -> Text,
        problem -> Text,
        told_at -> BigInt,
        created_at -> BigInt,
    }
}

diesel::table! {
    staff_mails (staff_id) {
        staff_id -> BigInt,
        after_minutes -> Nullable<BigInt>,
        daily_hour -> Nullable<BigInt>,
        messages_to -> BigInt,
        mentions_to -> BigInt,
        digest_on -> Text,
    }
}

diesel::table! {
    stage_messages (id) {
        id -> BigInt,
        stage -> Text,
        market_id -> Nullable<BigInt>,
        body -> Text,
        language -> Text,
    }
}

diesel::table! {
    announced (position) {
        position -> BigInt,
    }
}

diesel::table! {
    presences (order_id, staff_id) {
        order_id -> BigInt,
        staff_id -> BigInt,
        until_at -> BigInt,
    }
}

diesel::table! {
    mentions (id) {
        id -> BigInt,
        note_id -> BigInt,
        order_id -> BigInt,
        staff_id -> BigInt,
        created_at -> BigInt,
        seen_at -> Nullable<BigInt>,
    }
}

diesel::table! {
    saved_replies (id) {
        id -> BigInt,
        uid -> Text,
        name -> Text,
        body -> Text,
        created_at -> BigInt,
        updated_at -> BigInt,
    }
}

diesel::table! {
    attachments (id) {
        id -> BigInt,
        uid -> Text,
        message_id -> BigInt,
        name -> Text,
        kind -> Text,
        size -> BigInt,
        width -> Nullable<BigInt>,
        height -> Nullable<BigInt>,
        created_at -> BigInt,
        content -> Binary,
    }
}

diesel::table! {
    customer_links (id) {
        id -> BigInt,
        order_id -> BigInt,
        token -> Text,
        created_at -> BigInt,
        revoked_at -> Nullable<BigInt>,
    }
}

diesel::table! {
    events (id) {
        id -> BigInt,
        uid -> Text,
        order_id -> Nullable<BigInt>,
        seq -> BigInt,
        kind -> Text,
        payload -> Text,
        actor_kind -> Text,
        actor_key -> Nullable<BigInt>,
        actor_name -> Text,
        happened_at -> BigInt,
    }
}

diesel::table! {
    imports (id) {
        id -> BigInt,
        uid -> Text,
        kind -> Text,
        file_name -> Text,
        state -> Text,
        options -> Text,
        rows_total -> BigInt,
        rows_done -> BigInt,
        orders_made -> BigInt,
        orders_known -> BigInt,
        orders_refused -> BigInt,
        rows_refused -> BigInt,
        failure -> Nullable<Text>,
        started_by -> Text,
        created_at -> BigInt,
        finished_at -> Nullable<BigInt>,
        channel_id -> Nullable<BigInt>,
        bytes_total -> BigInt,
        groups_done -> BigInt,
        preview -> Text,
        tally -> Text,
    }
}

diesel::table! {
    import_pieces (import_id, position) {
        import_id -> BigInt,
        position -> BigInt,
        bytes -> Binary,
    }
}

diesel::table! {
    import_problems (id) {
        id -> BigInt,
        import_id -> BigInt,
        row_number -> BigInt,
        order_ref -> Text,
        message -> Text,
        line_number -> BigInt,
        reason -> Text,
        rows_refused -> BigInt,
    }
}

diesel::table! {
    invoices (id) {
        id -> BigInt,
        uid -> Text,
        order_id -> BigInt,
        kind -> Text,
        series -> Text,
        number -> BigInt,
        credits_id -> Nullable<BigInt>,
        currency -> Text,
        total_minor -> BigInt,
        content -> Text,
        issued_at -> BigInt,
        issued_by -> Text,
    }
}

diesel::table! {
    stage_counts (market_id, stage) {
        market_id -> BigInt,
        stage -> Text,
        orders -> BigInt,
    }
}

diesel::joinable!(order_lines -> orders (order_id));
diesel::joinable!(presences -> orders (order_id));
diesel::joinable!(staff_mails -> staff (staff_id));
diesel::joinable!(presences -> staff (staff_id));
diesel::joinable!(messages -> orders (order_id));
diesel::joinable!(mentions -> notes (note_id));
diesel::joinable!(mentions -> orders (order_id));
diesel::joinable!(attachments -> messages (message_id));
diesel::joinable!(order_tags -> orders (order_id));
diesel::joinable!(shipments -> orders (order_id));
diesel::joinable!(shipment_lines -> shipments (shipment_id));
diesel::joinable!(channels -> markets (market_id));
diesel::joinable!(sessions -> staff (staff_id));

diesel::table! {
    webhook_endpoints (id) {
        id -> BigInt,
        uid -> Text,
        url -> Text,
        description -> Text,
        events -> Text,
        market_id -> Nullable<BigInt>,
        whole_order -> Bool,
        secret -> Text,
        former_secret -> Nullable<Text>,
        former_until_at -> Nullable<BigInt>,
        starts_after -> BigInt,
        paused_until_at -> Nullable<BigInt>,
        version -> BigInt,
        created_at -> BigInt,
        disabled_at -> Nullable<BigInt>,
        disabled_by_desk -> Bool,
        disabled_reason -> Text,
        removed_at -> Nullable<BigInt>,
    }
}

diesel::table! {
    webhook_deliveries (id) {
        id -> BigInt,
        uid -> Text,
        endpoint_id -> BigInt,
        message -> Text,
        seq -> Nullable<BigInt>,
        name -> Text,
        order_number -> Nullable<BigInt>,
        body -> Text,
        state -> Text,
        attempts -> BigInt,
        due_at -> BigInt,
        claimed_until_at -> Nullable<BigInt>,
        created_at -> BigInt,
        finished_at -> Nullable<BigInt>,
        last_status -> Nullable<BigInt>,
        last_ms -> Nullable<BigInt>,
    }
}

diesel::table! {
    webhook_attempts (id) {
        id -> BigInt,
        delivery_id -> BigInt,
        sent_at -> BigInt,
        took_ms -> BigInt,
        status -> Nullable<BigInt>,
        problem -> Text,
        answer -> Text,
    }
}

diesel::table! {
    webhook_replays (id) {
        id -> BigInt,
        endpoint_id -> BigInt,
        position -> BigInt,
        until_position -> BigInt,
    }
}

diesel::table! {
    webhook_relay (id) {
        id -> BigInt,
        position -> BigInt,
    }
}

diesel::table! {
    whatsapp_messages (id) {
        id -> BigInt,
        external_ref -> Text,
        direction -> Text,
        kind -> Text,
        phone -> Text,
        user_ref -> Text,
        sender_name -> Text,
        about_ref -> Text,
        new_phone -> Text,
        body -> Text,
        media_ref -> Text,
        media_mime -> Text,
        media_name -> Text,
        state -> Text,
        problem -> Text,
        attempts -> BigInt,
        due_at -> BigInt,
        payload -> Text,
        order_id -> Nullable<BigInt>,
        message_uid -> Nullable<Text>,
        dismissed_at -> Nullable<BigInt>,
        said_at -> BigInt,
        created_at -> BigInt,
    }
}

diesel::allow_tables_to_appear_in_same_query!(
    settings,
    counters,
    markets,
    market_hours,
    market_closed_days,
    timer_waits,
    channels,
    staff,
    staff_links,
    sessions,
    sign_in_failures,
    api_keys,
    request_keys,
    signing_keys,
    bulk_jobs,
    carts,
    saved_views,
    jobs,
    stages,
    customers,
    products,
    product_prices,
    product_parts,
    stock_levels,
    stock_claims,
    stock_movements,
    orders,
    order_lines,
    order_charges,
    order_tags,
    payments,
    payment_methods,
    refund_lines,
    holds,
    decisions,
    shipments,
    shipment_lines,
    returns,
    return_lines,
    notes,
    messages,
    message_statuses,
    staff_mails,
    stage_messages,
    announced,
    attachments,
    saved_replies,
    mentions,
    presences,
    customer_links,
    events,
    imports,
    import_pieces,
    import_problems,
    invoices,
    stage_counts,
    webhook_endpoints,
    webhook_deliveries,
    webhook_attempts,
    webhook_replays,
    webhook_relay,
    whatsapp_messages,
);
